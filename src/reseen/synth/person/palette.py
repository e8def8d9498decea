"""The colours people wear, and how often; sRGB in 0..1."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

Colour = tuple[float, float, float]

PALETTE: Mapping[str, Colour] = MappingProxyType(
    {
        "black": (0.135, 0.135, 0.145),
        "charcoal": (0.26, 0.26, 0.275),
        "navy": (0.15, 0.185, 0.31),
        "grey": (0.45, 0.45, 0.46),
        "white": (0.88, 0.88, 0.86),
        "beige": (0.74, 0.66, 0.54),
        "brown": (0.40, 0.29, 0.21),
        "olive": (0.38, 0.39, 0.26),
        "burgundy": (0.42, 0.14, 0.18),
        "red": (0.72, 0.13, 0.13),
        "blue": (0.18, 0.32, 0.62),
        "sky": (0.55, 0.69, 0.84),
        "green": (0.17, 0.42, 0.27),
        "mustard": (0.76, 0.56, 0.17),
        "pink": (0.85, 0.57, 0.62),
        "purple": (0.38, 0.25, 0.50),
        "teal": (0.14, 0.42, 0.46),
        "orange": (0.86, 0.42, 0.14),
        "denim": (0.30, 0.39, 0.53),
        "light denim": (0.50, 0.59, 0.70),
        "dark denim": (0.18, 0.23, 0.33),
        "khaki": (0.58, 0.51, 0.38),
    }
)

TOPS: Mapping[str, float] = MappingProxyType(
    {
        "black": 9,
        "charcoal": 5,
        "navy": 6,
        "grey": 6,
        "white": 7,
        "beige": 3,
        "olive": 2,
        "burgundy": 2,
        "red": 3,
        "blue": 3,
        "sky": 3,
        "green": 2,
        "mustard": 2,
        "pink": 2,
        "purple": 1,
        "teal": 2,
        "orange": 1,
        "brown": 2,
    }
)
OUTER: Mapping[str, float] = MappingProxyType(
    {
        "black": 10,
        "charcoal": 5,
        "navy": 7,
        "grey": 4,
        "beige": 4,
        "olive": 4,
        "brown": 3,
        "burgundy": 1,
        "red": 2,
        "blue": 2,
        "green": 1,
        "mustard": 1,
        "denim": 2,
        "white": 1,
        "teal": 1,
    }
)
BOTTOMS: Mapping[str, float] = MappingProxyType(
    {
        "black": 8,
        "charcoal": 4,
        "navy": 4,
        "grey": 3,
        "khaki": 3,
        "beige": 2,
        "olive": 2,
        "brown": 1,
        "white": 1,
        "burgundy": 0.5,
    }
)
JEANS: Mapping[str, float] = MappingProxyType({"denim": 4, "dark denim": 5, "light denim": 2, "black": 2, "grey": 1})
SHOES: Mapping[str, float] = MappingProxyType(
    {"black": 7, "white": 5, "brown": 3, "grey": 2, "navy": 2, "red": 1, "blue": 1}
)


def pick(table: Mapping[str, float], rng: np.random.Generator) -> str:
    """One key, drawn by weight."""
    weights = np.array([*table.values()], float)
    return str(rng.choice([*table], p=weights / weights.sum()))


def dye(name: str, rng: np.random.Generator) -> Colour:
    """A palette colour as one maker dyes it: a little lighter, darker, warmer or cooler."""
    base = np.array(PALETTE[name]) * rng.normal(1, 0.08) + rng.normal(0, 0.018, 3)
    r, g, b = (float(value) for value in np.clip(base, 0.04, 0.93))
    return r, g, b
