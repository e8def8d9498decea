"""How large an image must be decoded for what a pipeline does to it."""

from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from math import sqrt
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from reseen.data.crops import centre_crop, random_resized_crop, translate_crop

Decode: TypeAlias = Literal["full", "scaled", "cached"]
"""Whether JPEG files are decoded at their own size, or at 1/2, 1/4 or 1/8 of it where that suffices, or so but once."""

MARGIN = 2.0
"""Sides of a decoded image over those of the network's input."""

_BEFORE_ANY_SIZE = frozenset({"flip", "rotate", "colour_jitter", "grey"})
"""Transforms that mean the same at any size; a blur or a padding is so many pixels."""


def needed_size(transform: Callable[..., Any]) -> tuple[int, int] | None:
    """(height, width) that suffices for a transform: its ``needs``; None for the image's own size."""
    needs: tuple[int, int] | None = getattr(transform, "needs", None)
    return needs


def size_for_all(*transforms: Callable[..., Any]) -> tuple[int, int] | None:
    """(height, width) that suffices for each of some transforms; None where one needs the image's own size."""
    needs = [needed_size(transform) for transform in transforms]
    known = [size for size in needs if size is not None]
    return (max(height for height, _ in known), max(width for _, width in known)) if len(known) == len(needs) else None


def size_for(
    steps: Sequence[tuple[Callable[..., Any], Mapping[str, Any]]], image_size: tuple[int, int]
) -> tuple[int, int] | None:
    """(height, width) that suffices for transforms and their settings; None where only the image's own size does."""
    for step, settings in steps:
        name = getattr(step, "__name__", "")
        if name in _ZOOM:
            defaults = {key: setting.default for key, setting in signature(step).parameters.items()}
            zoom = _ZOOM[name](defaults | dict(settings), image_size)
            return round(image_size[0] * zoom), round(image_size[1] * zoom)
        if name not in _BEFORE_ANY_SIZE:
            return None
    return None


def _zoom_of_random_crop(settings: Mapping[str, Any], image_size: tuple[int, int]) -> float:
    """The smallest crop has the network's size, at least; one of the whole image has the margin."""
    (height, width), (narrowest, widest) = image_size, settings["aspect"]
    tighter = max(width / height / narrowest, height / width * widest)
    return max(MARGIN, sqrt(tighter / settings["area"][0]))


_ZOOM: Mapping[str, Callable[[Mapping[str, Any], tuple[int, int]], float]] = MappingProxyType(
    {
        "resize": lambda _settings, _size: MARGIN,
        centre_crop.__name__: lambda settings, _size: MARGIN / settings["share"],
        translate_crop.__name__: lambda settings, _size: MARGIN * settings["scale"],
        random_resized_crop.__name__: _zoom_of_random_crop,
    }
)
"""Transform that brings images to the network's size -> how many times that size it needs."""
