"""Resize attention whose weights belong to one map size.

The papers train and test at one size. Here weights indexed by position are resampled bilinearly over H x W, then scaled
by the ratio of the numbers of positions, so that a sum over the map keeps its size. The papers do not do this: evaluate
at the new size to see what it costs in accuracy.
"""

from copy import deepcopy
from typing import Protocol, TypeVar, runtime_checkable

from torch import Tensor, nn

from reseen.errors import ReseenError
from reseen.types import FeatureMap

Attention = TypeVar("Attention", bound=nn.Module)


@runtime_checkable
class Resizable(Protocol):
    """An attention module that can be resized to another height and width of its maps."""

    def resize_to(self, feature_map: FeatureMap) -> None:
        """Resize in place to this feature-map shape; the number of channels stays."""
        ...


def resized(attention: Attention, feature_map: FeatureMap) -> Attention:
    """Copy an attention module, with all modules inside it, and resize the copy to maps of this shape.

    `reseen.set_input_size` does this for a whole network. Raises ReseenError for another number of channels.
    """
    copied = deepcopy(attention)
    for part in copied.modules():
        if isinstance(part, Resizable):
            part.resize_to(feature_map)
    return copied


def refuse_other_map(maps: Tensor, built_for: FeatureMap) -> None:
    """Raise ReseenError unless ``maps`` (B, C, H, W) has the shape ``built_for``."""
    got = FeatureMap(*maps.shape[1:])
    if got != built_for:
        raise ReseenError(
            f"attention built for {_described(built_for)}, got {_described(got)}: "
            "give images of the size that the model was built for, or resize it with `set_input_size`"
        )


def resampled(weight: Tensor, *, source: FeatureMap, target: FeatureMap) -> Tensor:
    """(..., H * W) -> (..., H' * W'), positions in raster order. Raises ReseenError if the channels differ."""
    if source.channels != target.channels:
        raise ReseenError(f"attention for {source.channels} channels cannot be resized to {target.channels}")
    _, height, width = source

    flat = weight.reshape(1, -1, height, width)
    flat = nn.functional.interpolate(flat, size=target[1:], mode="bilinear", align_corners=False)
    flat = flat * (height * width / (target.height * target.width))
    return flat.reshape(*weight.shape[:-1], target.height * target.width)


def _described(feature_map: FeatureMap) -> str:
    channels, height, width = feature_map
    return f"{channels} channels of {height} x {width} = {height * width} positions"
