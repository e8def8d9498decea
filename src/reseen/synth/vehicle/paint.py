"""Paints: how often each is seen on the road, its shades, and how it shines."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

RGB = tuple[float, float, float]


class Paint(NamedTuple):
    """A paint family: the number of its colour in VeRi's list, its share, a few sRGB shades and its gloss."""

    number: int
    share: float
    shades: tuple[RGB, ...]
    gloss: float


PAINTS: Mapping[str, Paint] = MappingProxyType(
    {
        "yellow": Paint(1, 0.02, ((0.82, 0.66, 0.08), (0.88, 0.74, 0.2)), 0.55),
        "orange": Paint(2, 0.02, ((0.8, 0.34, 0.06), (0.72, 0.28, 0.08)), 0.6),
        "green": Paint(3, 0.02, ((0.07, 0.3, 0.16), (0.2, 0.38, 0.24), (0.35, 0.55, 0.22)), 0.65),
        "gray": Paint(4, 0.16, ((0.34, 0.35, 0.37), (0.26, 0.27, 0.29), (0.42, 0.42, 0.42)), 0.75),
        "red": Paint(5, 0.1, ((0.6, 0.06, 0.07), (0.45, 0.04, 0.07), (0.7, 0.12, 0.08)), 0.7),
        "blue": Paint(6, 0.11, ((0.08, 0.16, 0.4), (0.12, 0.26, 0.55), (0.3, 0.45, 0.6)), 0.7),
        "white": Paint(7, 0.28, ((0.88, 0.88, 0.87), (0.85, 0.84, 0.8)), 0.5),
        "golden": Paint(8, 0.04, ((0.66, 0.58, 0.42), (0.58, 0.5, 0.36)), 0.7),
        "brown": Paint(9, 0.05, ((0.28, 0.19, 0.13), (0.36, 0.27, 0.2)), 0.7),
        "black": Paint(10, 0.2, ((0.06, 0.06, 0.065), (0.085, 0.085, 0.1)), 0.9),
        "silver": Paint(4, 0.13, ((0.66, 0.67, 0.68), (0.6, 0.62, 0.64)), 0.8),
    }
)
"""The paint families: name -> Paint."""


class Coat(NamedTuple):
    """The paint of one vehicle: the family's name, its own sRGB and its gloss."""

    family: str
    colour: RGB
    gloss: float


def draw_coat(rng: np.random.Generator) -> Coat:
    """A family by its share, one of its shades, a little off as batches are."""
    names = list(PAINTS)
    shares = np.asarray([PAINTS[name].share for name in names])
    name = names[int(rng.choice(len(names), p=shares / shares.sum()))]
    family = PAINTS[name]
    shade = np.asarray(family.shades[int(rng.integers(len(family.shades)))])
    red, green, blue = np.clip(shade * rng.uniform(0.95, 1.05) + rng.normal(0, 0.01, 3), 0.02, 0.95)
    return Coat(name, (float(red), float(green), float(blue)), family.gloss)
