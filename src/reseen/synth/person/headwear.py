"""Caps, hats, scarves and glasses: rigid, in the frame of the head or of the chest."""

import numpy as np

from reseen.synth.person.bags import moved
from reseen.synth.person.hair import HairStyle, shell_over
from reseen.synth.person.marks import Hat
from reseen.synth.person.palette import Colour
from reseen.synth.person.surface import Grid, angles, blob, still

_CAP = HairStyle((0.085, 0.075), (0.70, 0.62, 0.52))
_BEANIE = HairStyle((0.12, 0.085), (0.68, 0.50, 0.36))
_HOOD = HairStyle((0.13, 0.15), (0.86, 0.02, -0.10))


def hat(item: Hat, size: float) -> list[Grid]:
    """A cap, a beanie or a brimmed hat on a head ``size`` metres high."""
    shell = shell_over(size, _BEANIE if item.kind == "beanie" else _CAP, item.colour)
    if item.kind == "beanie":
        fold = blob((0.47, 0.40, 0.075), np.multiply(item.colour, 0.8), boxy=0.25, rings=6, sides=20)
        knob = blob((0.09, 0.09, 0.09), item.trim, rings=6, sides=8)
        return [shell, _on_head(fold, (-0.02, 0, 0.55), size), _on_head(knob, (-0.05, 0, 1.06), size)]
    if item.kind == "brim":
        brim = blob((0.66, 0.60, 0.022), np.multiply(item.colour, 0.9), rings=6, sides=22)
        band = blob((0.44, 0.375, 0.04), item.trim, boxy=0.3, rings=5, sides=20)
        return [shell, _on_head(brim, (0.0, 0, 0.60), size), _on_head(band, (-0.02, 0, 0.66), size)]
    peak = blob((0.26, 0.255, 0.02), item.trim, rings=6, sides=16)
    return [shell, _on_head(peak, (0.48, 0, 0.60), size)]


def hood(colour: Colour, size: float, *, up: bool) -> list[Grid]:
    """A hood over the head, or lying behind the neck."""
    if up:
        return [shell_over(size, _HOOD, colour)]
    roll = blob((0.30, 0.42, 0.17), np.multiply(colour, 0.92), rings=8, sides=14)
    return [_on_head(roll, (-0.38, 0, -0.20), size)]


def glasses(kind: str, size: float) -> list[Grid]:
    """Two lenses and their sides."""
    tint = (0.05, 0.05, 0.06) if kind == "dark" else (0.30, 0.30, 0.32)
    lenses = [
        _on_head(blob((0.02, 0.125, 0.075), tint, boxy=0.3, rings=6, sides=8), (0.375, y, 0.38), size)
        for y in (0.155, -0.155)
    ]
    sides = [
        _on_head(blob((0.22, 0.012, 0.02), (0.08, 0.08, 0.08), rings=5, sides=6), (0.17, y, 0.40), size)
        for y in (0.325, -0.325)
    ]
    return lenses + sides


def scarf(colour: Colour, size: float) -> list[Grid]:
    """A scarf round the neck with one end in front; in the frame of the head."""
    loop, ring = np.linspace(0, 2 * np.pi, 19), angles(8)
    radius = 0.33 + 0.03 * np.sin(3 * loop)
    thick = 0.115 + 0.02 * np.sin(5 * loop + 1)
    out = radius[:, None] + thick[:, None] * np.cos(ring)
    height = -0.20 - 0.06 * np.cos(loop)[:, None] + 1.25 * thick[:, None] * np.sin(ring)
    # rings advance counter-clockwise round the neck: the outside turns towards down
    points = (
        np.stack([1.05 * out * np.cos(loop)[:, None] - 0.02, out * np.sin(loop)[:, None], -0.40 - height], axis=-1)
        * size
    )
    wrinkle = 1 + 0.12 * np.sin(7 * loop)[:, None, None] * np.ones((1, 8, 1))
    wrap = still(points, np.clip(np.asarray(colour) * wrinkle, 0, 1))
    end = _on_head(
        blob((0.06, 0.14, 0.62), np.multiply(colour, 0.92), boxy=0.4, rings=8, sides=10), (0.42, 0.10, -0.95), size
    )
    return [wrap, end]


def _on_head(grid: Grid, place: tuple[float, float, float], size: float) -> Grid:
    return moved(grid._replace(points=grid.points * np.float32(size)), np.array(place) * size)
