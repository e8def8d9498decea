"""Textures painted or printed on a vehicle: plates, stickers, logos, signs, as small textures.

R, C = rows and columns of texels, the first row on top.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

VIVID = np.asarray(
    [
        (0.85, 0.1, 0.1), (0.95, 0.8, 0.1), (0.1, 0.35, 0.75), (0.1, 0.55, 0.25), (0.95, 0.95, 0.93),
        (0.06, 0.06, 0.07), (0.95, 0.5, 0.1), (0.2, 0.65, 0.85), (0.75, 0.2, 0.55),
    ]
)  # fmt: skip
"""The colours that prints come in."""

_SYLLABLES = ("NOR", "TRA", "VEL", "KO", "MET", "RO", "LIN", "EX", "PRO", "SUN", "AR", "TO", "FER", "GO", "BEL", "IX")


class MarkTexture(NamedTuple):
    """Texels (R, C, 3) sRGB and which of them are there (R, C)."""

    texture: npt.NDArray[np.float64]
    keep: npt.NDArray[np.bool_]


def contrast(rng: np.random.Generator, against: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """(3,) one of VIVID that stands out from ``against`` (3,)."""
    apart = np.abs(VIVID - np.asarray(against)).sum(axis=1)
    return np.asarray(VIVID[int(rng.choice(np.flatnonzero(apart > 0.7)))])


def word(rng: np.random.Generator) -> str:
    """A firm's name that nobody has."""
    return "".join(str(part) for part in rng.choice(_SYLLABLES, size=int(rng.integers(2, 4)), replace=False))


def plate(rng: np.random.Generator, *, heavy: bool) -> MarkTexture:
    """A number plate, 5 x 18 texels."""
    ground, ink = ((0.85, 0.7, 0.1), (0.05, 0.05, 0.05)) if heavy else _PLATES[int(rng.integers(len(_PLATES)))]
    texture = np.empty((5, 18, 3))
    texture[:] = ground
    signs = rng.random((3, 16)) < 0.55
    signs[:, ::4] = False
    texture[1:4, 1:17][signs] = ink
    return _whole(texture)


_PLATES = (
    ((0.1, 0.22, 0.6), (0.9, 0.9, 0.9)),
    ((0.1, 0.22, 0.6), (0.9, 0.9, 0.9)),
    ((0.92, 0.92, 0.9), (0.06, 0.06, 0.08)),
    ((0.9, 0.78, 0.15), (0.06, 0.06, 0.06)),
    ((0.55, 0.8, 0.6), (0.06, 0.06, 0.06)),
)


def sticker(rng: np.random.Generator) -> MarkTexture:
    """A small square, round or diamond sticker, 6 x 6 texels."""
    ground, ink = _two(rng)
    y, x = np.mgrid[-1:1:6j, -1:1:6j]
    keep = (
        np.ones((6, 6), bool),
        x**2 + y**2 < 1.3,
        np.abs(x) + np.abs(y) < 1.3,
    )[int(rng.integers(3))]
    texture = np.empty((6, 6, 3))
    texture[:] = ground
    inner = (np.abs(x) < 0.5) & (np.abs(y) < rng.choice([0.3, 0.7]))
    texture[inner] = ink
    return MarkTexture(texture, keep)


def logo(rng: np.random.Generator) -> MarkTexture:
    """A round or square emblem, 14 x 14 texels: a ground, a ring or bars, and a core."""
    ground, ink = _two(rng)
    third = VIVID[int(rng.integers(len(VIVID)))]
    y, x = np.mgrid[-1:1:14j, -1:1:14j]
    far = np.sqrt(x**2 + y**2)
    texture = np.empty((14, 14, 3))
    texture[:] = ground
    style = int(rng.integers(5))
    bands = (far < 0.62, np.abs(x) < 0.35, np.abs(y) < 0.35, x + y > 0, np.abs(x) + np.abs(y) < 0.7)
    texture[bands[style]] = ink
    texture[(far < 0.3) if style != 3 else (np.abs(x + y) < 0.25)] = third
    keep = far < 1.08 if rng.random() < 0.6 else np.ones((14, 14), bool)
    return MarkTexture(texture, keep)


def stripes(rng: np.random.Generator) -> MarkTexture:
    """Two or three stripes side by side, 8 x 10 texels."""
    keep = np.zeros((8, 10), bool)
    texture = np.empty((8, 10, 3))
    texture[:] = VIVID[int(rng.integers(len(VIVID)))]
    for start in range(0, 10, int(rng.integers(3, 6))):
        keep[:, start : start + 2] = True
    return MarkTexture(texture, keep)


def banner(rng: np.random.Generator) -> MarkTexture:
    """A strip with a word on it, 9 x 40 texels."""
    ground, ink = _two(rng)
    return _lettered(word(rng), rows=9, columns=40, ground=ground, ink=ink)


def sign(rng: np.random.Generator) -> MarkTexture:
    """A firm's sign, 18 x 54 texels: its name, and a bar or an emblem beside it."""
    ground, ink = _two(rng)
    texture, keep = _lettered(word(rng), rows=18, columns=54, ground=ground, ink=ink)
    accent = VIVID[int(rng.integers(len(VIVID)))]
    style = int(rng.integers(3))
    if style == 0:
        texture[-4:] = accent
    elif style == 1:
        texture[:3] = texture[-3:] = accent
    else:
        texture[:, :9] = accent
        texture[5:13, 2:7] = ink
    return MarkTexture(texture, keep)


def scuff(rng: np.random.Generator) -> MarkTexture:
    """Scraped paint, 8 x 14 texels: slanting streaks of primer or bare plastic."""
    y, x = np.mgrid[-1:1:8j, -1:1:14j]
    wave = np.sin(6 * (y + rng.uniform(0.2, 0.6) * x) + rng.uniform(0, 6))
    keep = (x**2 + y**2 < 1.2) & (wave + rng.normal(0, 0.35, x.shape) > -0.2)
    texture = np.empty((8, 14, 3))
    texture[:] = rng.choice([(0.1, 0.1, 0.1), (0.55, 0.54, 0.52), (0.85, 0.85, 0.83), (0.4, 0.22, 0.12)])
    return MarkTexture(texture * rng.uniform(0.85, 1.15, (8, 14, 1)), keep)


def _two(rng: np.random.Generator) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    ground = VIVID[int(rng.integers(len(VIVID)))]
    return ground, contrast(rng, ground)


def _whole(texture: npt.NDArray[np.float64]) -> MarkTexture:
    return MarkTexture(texture, np.ones(texture.shape[:2], bool))


def _lettered(
    text: str, *, rows: int, columns: int, ground: npt.NDArray[np.float64], ink: npt.NDArray[np.float64]
) -> MarkTexture:
    font = ImageFont.load_default(40)
    left, top, right, bottom = font.getbbox(text)
    drawn = Image.new("L", (int(right - left) + 16, int(bottom - top) + 16))
    ImageDraw.Draw(drawn).text((8 - left, 8 - top), text, fill=255, font=font, stroke_width=2)
    # Two tones only, so that the decal needs few cells.
    inked = np.asarray(drawn.resize((columns, rows), Image.Resampling.BOX)) > 110
    return _whole(np.where(inked[..., None], ink, ground))
