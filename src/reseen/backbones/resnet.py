"""Strides of a ResNet: the last one (1 keeps the last map large; BoT, Luo et al., 2019), and those of its stem."""

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


def set_small_stem(body: nn.Module) -> None:
    """Begin a timm ResNet with a 3 x 3 convolution of stride 1 and no pooling, in place, for pictures of 32 x 32.

    He et al. (2016) train on CIFAR so. Raises ReseenError for all but ResNets that begin with one 7 x 7 convolution.
    """
    first = getattr(body, "conv1", None)
    if not (isinstance(body, ResNet) and isinstance(first, nn.Conv2d) and first.kernel_size == (7, 7)):
        raise ReseenError(f"stem is for ResNets that begin with a 7 x 7 convolution, got {type(body).__name__}")
    smaller = nn.Conv2d(first.in_channels, first.out_channels, kernel_size=3, padding=1, bias=False)
    nn.init.kaiming_normal_(smaller.weight, mode="fan_out", nonlinearity="relu")
    body.add_module("conv1", smaller)
    body.add_module("maxpool", nn.Identity())


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
