"""Heads: from a backbone's map to the classes of its positions. A table, on torchvision's parts."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from torch import nn
from torchvision.models.segmentation.deeplabv3 import DeepLabHead
from torchvision.models.segmentation.fcn import FCNHead

from reseen.bounds import Count


def fcn(*, channels: int, classes: int) -> nn.Module:
    """One 3 x 3 convolution to a quarter of the channels, then a linear layer (Long et al., CVPR 2015)."""
    head: nn.Module = FCNHead(channels, classes)
    return head


def aspp(*, channels: int, classes: int, rates: tuple[Count, Count, Count] = (12, 24, 36)) -> nn.Module:
    """Atrous spatial pyramid pooling: dilated convolutions side by side with the map's mean (Chen et al., 2017).

    ``rates``: their dilations; 12, 24, 36 are meant for maps of an eighth of the image.
    """
    head: nn.Module = DeepLabHead(channels, classes, rates)
    return head


HEADS: Mapping[str, Callable[..., nn.Module]] = MappingProxyType({"aspp": aspp, "fcn": fcn})
"""Name -> factory(*, channels, classes, settings) of a module (B, channels, h, w) -> (B, classes, h, w)."""
