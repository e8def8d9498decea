"""The family of timm's ViTs: one row of tokens from the first block to the last, so no stages and no strides."""

from torch import nn

from reseen.backbones.family import Family
from reseen.backbones.timm_body import defined_in, timm_body, timm_normalisation


def vit(*, name: str, image_size: tuple[int, int], pretrained: bool) -> nn.Module:
    """The timm network ``name``, with its positional embedding for ``image_size``."""
    return timm_body(name, image_size=image_size, pretrained=pretrained)


VIT = Family(
    "ViT",
    build=vit,
    owns=defined_in("vision_transformer", "vision_transformer_relpos", "deit", "eva", "beit", "cait", "xcit"),
    slots=(),
    normalisation=timm_normalisation,
)
