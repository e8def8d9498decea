"""The last stride of a ResNet: 1 keeps the last map as large as the one before it (BoT, Luo et al., 2019)."""

from typing import Literal

from timm.layers.blur_pool import BlurPool2d
from timm.models.resnet import ResNet
from torch import nn

from reseen.errors import ReseenError


def set_last_stride(body: nn.Module, stride: Literal[1, 2]) -> None:
    """Set the stride of the last stage of a timm ResNet (plain, D, SE, ResNeSt, Res2Net, SK ...) in place.

    Convolutions keep their dilation of 1, so weights fit as they are. Raises ReseenError for any other
    network.
    """
    if not isinstance(body, ResNet):
        raise ReseenError(f"last_stride is for ResNets, got {type(body).__name__}: leave it out")
    if stride == 1:
        keep_size(body.get_submodule("layer4.0"))


def keep_size(block: nn.Module) -> None:
    """What the block would be had it been built with stride 1."""
    for name, part in list(block.named_modules()):
        if isinstance(part, nn.Conv2d) and max(part.stride) > 1:
            part.stride = (1, 1)
        elif isinstance(part, nn.AvgPool2d) and _extent(part.padding) > 0:
            part.stride = 1  # the 3 x 3 average inside ResNeSt and Res2Net blocks stays, and keeps the size
        elif isinstance(part, nn.AvgPool2d | nn.MaxPool2d | BlurPool2d):
            parent, _, child = name.rpartition(".")
            setattr(block.get_submodule(parent), child, nn.Identity())  # it was there only to halve the map


def _extent(value: int | tuple[int, ...]) -> int:
    return value if isinstance(value, int) else max(value)
