"""Patterns of cloth and the images printed on it.

R = rings, S = points round a ring, N = cells of a print along each side; colours are sRGB in 0..1.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reseen.synth.person.surface import Floats, float32

Numbers = NDArray[np.float64]


class Cloth(NamedTuple):
    """Where a cloth's points are: ``height`` (R, 1) and ``across`` (R, S) metres, ``turn`` (1, S) from the front."""

    height: Numbers
    turn: Numbers
    across: Numbers


def cloth(heights: ArrayLike, turns: ArrayLike, radius: ArrayLike) -> Cloth:
    """The places of a tube's points; ``radius`` (R,) or (R, S) unrolls the turn into metres."""
    height, turn = np.asarray(heights, float)[:, None], np.asarray(turns, float)[None]
    girth = np.asarray(radius, float)
    folded = np.where(turn > np.pi, turn - 2 * np.pi, turn)
    return Cloth(height, folded, folded * (girth[:, None] if girth.ndim == 1 else girth))


def _plain(place: Cloth, _: float) -> Numbers:
    return np.zeros_like(place.across)


def _stripes(place: Cloth, scale: float) -> Numbers:
    return np.where(np.mod(place.height, scale) < 0.5 * scale, 1.0, 0 * place.across)


def _checks(place: Cloth, scale: float) -> Numbers:
    size = 1.6 * scale
    rows, columns = np.mod(place.height, size) < 0.45 * size, np.mod(place.across, size) < 0.45 * size
    return np.asarray(0.4 * rows + 0.4 * columns)


def _yoke(place: Cloth, scale: float) -> Numbers:
    return np.where(place.height > place.height.max() - 2.2 * scale - 0.08, 1.0, 0 * place.across)


def _band(place: Cloth, scale: float) -> Numbers:
    middle = place.height.max() - 0.17 - 0.8 * scale
    return np.where(np.abs(place.height - middle) < 0.5 * scale + 0.02, 1.0, 0 * place.across)


def _sides(place: Cloth, scale: float) -> Numbers:
    return np.where(np.abs(np.sin(place.turn)) > 0.90 - scale, 1.0, 0 * place.across)


PATTERNS: Mapping[str, Callable[[Cloth, float], Numbers]] = MappingProxyType(
    {"plain": _plain, "stripes": _stripes, "checks": _checks, "yoke": _yoke, "band": _band, "sides": _sides}
)


def weave(place: Cloth, colours: tuple[ArrayLike, ArrayLike], *, pattern: str, scale: float) -> Floats:
    """(R, S, 3) the cloth's first colour with the second laid over it where the pattern is."""
    first, second = (np.asarray(colour, float) for colour in colours)
    share = np.clip(PATTERNS[pattern](place, scale), 0, 1)[..., None]
    return float32(first + share * (second - first))


class PrintTexture(NamedTuple):
    """A printed image: ``texture`` (N, N, 3), first row on top, and where there is ink, ``keep`` (N, N)."""

    texture: Floats
    keep: NDArray[np.bool_]


def _disc(x: Numbers, y: Numbers) -> Numbers:
    return 0.9 - np.hypot(x, y)


def _ring(x: Numbers, y: Numbers) -> Numbers:
    return 0.28 - np.abs(np.hypot(x, y) - 0.65)


def _letters(x: Numbers, y: Numbers) -> Numbers:
    wave = np.cos(11 * x) + 0.6 * np.cos(17 * x + 1.3) + 0.5 * np.cos(7 * y + 5 * x)
    return np.where(np.abs(y) < 0.42, wave + 0.35, -1)


def _chevron(x: Numbers, y: Numbers) -> Numbers:
    return 0.26 - np.abs(y + 0.3 - 0.9 * np.abs(x))


def _square(x: Numbers, y: Numbers) -> Numbers:
    return 0.8 - np.maximum(np.abs(x), np.abs(y))


def _cross(x: Numbers, y: Numbers) -> Numbers:
    return np.where(np.maximum(np.abs(x), np.abs(y)) < 0.9, 0.25 - np.minimum(np.abs(x), np.abs(y)), -1)


def _bars(x: Numbers, y: Numbers) -> Numbers:
    return np.where(np.abs(x) < 0.9, np.cos(3.2 * np.pi * y), -1)


PRINTS: Mapping[str, Callable[[Numbers, Numbers], Numbers]] = MappingProxyType(
    {
        "disc": _disc,
        "ring": _ring,
        "letters": _letters,
        "chevron": _chevron,
        "square": _square,
        "cross": _cross,
        "bars": _bars,
    }
)


def draw_print(kind: str, colours: tuple[ArrayLike, ArrayLike], *, cells: int = 20) -> PrintTexture:
    """A print of one shape in its first colour, with the second towards its heart."""
    axis = (np.arange(cells) + 0.5) / cells * 2 - 1
    y, x = np.meshgrid(-axis, axis, indexing="ij")
    depth = PRINTS[kind](x, y)
    first, second = (np.asarray(colour, float) for colour in colours)
    heart = ((depth > 0.4) | (np.hypot(x, y) < 0.22))[..., None]
    return PrintTexture(float32(np.where(heart, second, first)), depth > 0)
