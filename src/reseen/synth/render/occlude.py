"""Occluders between camera and object: posts, signs, branches, the edge of another vehicle.

Coordinates are shares of the image; H, W = its rows and columns.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

Tint = tuple[int, int, int]


class Veil(NamedTuple):
    """What covers the image: ``rgb`` (H, W, 3) bytes and ``cover`` (H, W) 0..1."""

    rgb: npt.NDArray[np.uint8]
    cover: npt.NDArray[np.float32]


class _Easel(NamedTuple):
    """A drawing twice the image's size."""

    draw: ImageDraw.ImageDraw
    width: int
    height: int

    def area(self, *shares: float) -> list[float]:
        return [share * (self.width if i % 2 == 0 else self.height) for i, share in enumerate(shares)]


def occluder(size: tuple[int, int], *, brightness: float, rng: np.random.Generator) -> Veil:
    """One thing in front of the object, drawn for an image of ``size`` (H, W) in light of ``brightness`` 0..1."""
    names = list(OCCLUDERS)
    sheet = Image.new("RGBA", (2 * size[1], 2 * size[0]), (0, 0, 0, 0))
    easel = _Easel(ImageDraw.Draw(sheet), 2 * size[1], 2 * size[0])
    OCCLUDERS[names[int(rng.integers(len(names)))]](easel, rng)
    small = np.asarray(sheet.reduce(2), np.float32)
    return Veil((small[..., :3] * brightness).astype(np.uint8), small[..., 3] / np.float32(255))


def _tint(rng: np.random.Generator, low: int, high: int) -> Tint:
    grey = int(rng.integers(low, high))
    red, green, blue = (int(np.clip(grey + rng.integers(-12, 13), 0, 255)) for _ in range(3))
    return red, green, blue


def _post(easel: _Easel, rng: np.random.Generator) -> None:
    x, wide = float(rng.uniform(0.08, 0.92)), float(rng.uniform(0.025, 0.06))
    lean = float(rng.normal(0, 0.015))
    tint = _tint(rng, 60, 150)
    corners = easel.area(x, 0, x + wide, 0, x + wide + lean, 1, x + lean, 1)
    easel.draw.polygon(corners, fill=tint)
    dark = (tint[0] * 2 // 3, tint[1] * 2 // 3, tint[2] * 2 // 3)
    easel.draw.polygon(easel.area(x, 0, x + wide / 3, 0, x + wide / 3 + lean, 1, x + lean, 1), fill=dark)


def _sign(easel: _Easel, rng: np.random.Generator) -> None:
    _post(easel, rng)
    x, y, r = float(rng.uniform(0.05, 0.95)), float(rng.uniform(0.0, 0.25)), float(rng.uniform(0.07, 0.13))
    easel.draw.ellipse(easel.area(x - r, y - r, x + r, y + r), fill=(190, 40, 40))
    easel.draw.ellipse(easel.area(x - 0.7 * r, y - 0.7 * r, x + 0.7 * r, y + 0.7 * r), fill=(215, 215, 210))


def _branch(easel: _Easel, rng: np.random.Generator) -> None:
    side = float(rng.choice([0.0, 1.0]))
    for _ in range(int(rng.integers(18, 45))):
        x = side + (0.5 - side) * 2 * abs(float(rng.normal(0, 0.16)))
        y, r = float(rng.uniform(-0.05, 0.4)), float(rng.uniform(0.012, 0.04))
        shade = int(rng.integers(30, 85))
        easel.draw.ellipse(easel.area(x - r, y - r * 0.6, x + r, y + r * 0.6), fill=(shade, shade + 22, shade // 2))


def _neighbour(easel: _Easel, rng: np.random.Generator) -> None:
    side, reach = int(rng.integers(3)), float(rng.uniform(0.08, 0.2))
    tint = _tint(rng, 25, 220)
    glass = (28, 32, 36)
    if side == 2:
        easel.draw.rounded_rectangle(easel.area(-0.1, 1 - reach, 1.1, 1.4), radius=0.1 * easel.width, fill=tint)
        easel.draw.rectangle(easel.area(0.12, 1 - 0.55 * reach, 0.88, 1.1), fill=glass)
        return
    left = -0.5 if side == 0 else 1 - reach
    top = float(rng.uniform(0.25, 0.5))
    easel.draw.rounded_rectangle(easel.area(left, top, left + 0.5 + reach, 1.3), radius=0.07 * easel.width, fill=tint)
    inner = 0.3 * reach
    easel.draw.rectangle(easel.area(left + inner, top + 0.05, left + 0.5 + reach - inner, top + 0.2), fill=glass)


def _rail(easel: _Easel, rng: np.random.Generator) -> None:
    y, tall = float(rng.uniform(0.8, 0.94)), float(rng.uniform(0.02, 0.04))
    tint = _tint(rng, 110, 200)
    easel.draw.rectangle(easel.area(0, y, 1, y + tall), fill=tint)
    start = float(rng.uniform(0, 0.3))
    for x in np.arange(start, 1, 0.3):
        easel.draw.rectangle(easel.area(float(x), y, float(x) + 0.025, 1), fill=tint)


OCCLUDERS: Mapping[str, Callable[[_Easel, np.random.Generator], None]] = MappingProxyType(
    {"post": _post, "sign": _sign, "branch": _branch, "neighbour": _neighbour, "rail": _rail}
)
"""The things that stand in front: name -> what draws one."""
