"""The family of timm's networks whose stages give maps: EfficientNet, ConvNeXt, MobileNet, Swin, LeViT and others."""

from typing import Literal

from torch import nn

from reseen.backbones.family import Family
from reseen.backbones.timm_body import is_timm, timm_body, timm_normalisation


def cnn(
    *, name: str, image_size: tuple[int, int], pretrained: bool, output_stride: Literal[8, 16] | None = None
) -> nn.Module:
    """The timm network ``name``; ``output_stride``: how many times smaller than the image the map is."""
    return timm_body(name, image_size=image_size, output_stride=output_stride, pretrained=pretrained)


CNN = Family("CNN", build=cnn, owns=is_timm, normalisation=timm_normalisation)
