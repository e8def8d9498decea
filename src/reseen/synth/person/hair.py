"""Hair, and whatever else covers a head: a shell over the skull.

Lengths are in heads (chin to crown is 1) and scaled at the end, in the frame of head.py.
R = rings from below to the crown, S = points round a ring.
"""

from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reseen.synth.person.head import CHIN, SIDES, on_skull, skull_ring
from reseen.synth.person.surface import Grid, angles, blob, float32, still

Numbers = NDArray[np.float64]

HAIR_COLOURS = (
    (0.05, 0.045, 0.04), (0.09, 0.07, 0.055), (0.17, 0.11, 0.075), (0.27, 0.17, 0.10), (0.40, 0.26, 0.14),
    (0.60, 0.45, 0.26), (0.74, 0.62, 0.40), (0.48, 0.20, 0.10), (0.52, 0.51, 0.50), (0.78, 0.77, 0.75),
)  # fmt: skip


class HairStyle(NamedTuple):
    """A shell over the skull.

    ``thick`` heads at the top and at the back; it reaches down to ``hairline`` at the forehead, the temples and the
    nape, and below the chin where that is negative. ``tail`` is "tail", "bun" or nothing.
    """

    thick: tuple[float, float]
    hairline: tuple[float, float, float]
    rough: float = 0.0
    tail: str = ""


HAIR_STYLES = MappingProxyType(
    {
        "bald": HairStyle((0.0, 0.0), (2.0, 2.0, 2.0)),
        "cropped": HairStyle((0.018, 0.012), (0.80, 0.50, 0.20)),
        "short": HairStyle((0.055, 0.035), (0.79, 0.46, 0.16), 0.012),
        "quiff": HairStyle((0.10, 0.025), (0.81, 0.52, 0.20), 0.015),
        "thinning": HairStyle((0.012, 0.03), (0.93, 0.48, 0.18)),
        "curly": HairStyle((0.13, 0.12), (0.77, 0.40, 0.08), 0.05),
        "afro": HairStyle((0.24, 0.24), (0.78, 0.38, 0.05), 0.03),
        "bob": HairStyle((0.07, 0.085), (0.80, 0.02, -0.06), 0.012),
        "shoulder": HairStyle((0.06, 0.09), (0.80, -0.22, -0.34), 0.015),
        "long": HairStyle((0.055, 0.09), (0.80, -0.40, -0.95), 0.02),
        "ponytail": HairStyle((0.03, 0.03), (0.82, 0.46, 0.14), 0.0, "tail"),
        "bun": HairStyle((0.03, 0.03), (0.82, 0.46, 0.14), 0.0, "bun"),
    }
)
MASCULINE_HAIR = MappingProxyType(
    {
        "bald": 1,
        "cropped": 4,
        "short": 6,
        "quiff": 2,
        "thinning": 1,
        "curly": 1,
        "afro": 0.6,
        "shoulder": 0.4,
    }
)
FEMININE_HAIR = MappingProxyType(
    {"short": 1, "curly": 1, "afro": 0.6, "bob": 3, "shoulder": 3, "long": 5, "ponytail": 3, "bun": 2}
)


def hair(size: float, style: str, colour: ArrayLike, *, covered: bool = False) -> list[Grid]:
    """The hair of a head ``size`` metres high, flat where a hat has ``covered`` it; none when bald."""
    shape = HAIR_STYLES[style]
    if covered:
        shape = shape._replace(thick=(0.01, min(shape.thick[1], 0.04)), rough=0.0)
    if shape.hairline[0] > 1:
        return []
    shell = shell_over(size, shape, colour, strands=0.09)
    if shape.tail == "bun" and not covered:
        return [shell, _knot((0.15, 0.15, 0.14), colour, place=(-0.48, 0, 0.80), size=size)]
    if shape.tail == "tail":
        tail = _knot((0.11, 0.12, 0.52), np.multiply(colour, 0.95), place=(-0.58, 0, 0.18), size=size)
        return [shell, tail, _knot((0.10, 0.09, 0.09), np.multiply(colour, 0.8), place=(-0.49, 0, 0.66), size=size)]
    return [shell]


def _knot(radii: tuple[float, float, float], colour: ArrayLike, *, place: ArrayLike, size: float) -> Grid:
    round_ = blob(radii, colour, rings=9, sides=10)
    return round_._replace(points=(round_.points + float32(CHIN + np.asarray(place))) * np.float32(size))


def shell_over(size: float, shape: HairStyle, colour: ArrayLike, *, strands: float = 0.0) -> Grid:
    """A shell of hair or cloth: outside the skull above its hairline, hidden inside the head below it."""
    low = min(shape.hairline)
    heights, turns = np.concatenate([np.linspace(low - 0.05, 0.95, 20), [0.985, 1.0]]), angles(SIDES, 0.2)
    turn = np.abs(np.where(turns > np.pi, turns - 2 * np.pi, turns))[None]
    rough = np.random.default_rng(3).normal(0, 1, (len(heights), SIDES)) * shape.rough
    edge = np.clip((heights[:, None] - _hairline(shape, turn)) / 0.05, 0, 1)
    thick = np.interp(heights, [0.35, 0.85], shape.thick[::-1])[:, None] + rough
    # below the temples a shell keeps the width of the skull there, and does not follow the jaw
    outer = skull_ring(np.maximum(heights, 0.45), turns)
    inner = skull_ring(np.maximum(heights, 0.02), turns)
    slim = np.interp(heights, [-0.9, -0.3, 0.1, 0.45], [0.95, 1.08, 0.94, 1.0])[:, None]
    grow = slim * (1 + thick * np.sqrt(edge) / np.maximum(np.hypot(*outer), 0.15))
    forward, side = (np.where(edge > 0, grow * out, 0.88 * within) for out, within in zip(outer, inner, strict=True))
    lift = np.interp(heights, [0.8, 1.0], [0.0, shape.thick[0]])
    streaks = 1 + strands * (np.sin(9 * turn + 5 * np.sin(3 * turns)[None]) + 0.5 * np.sign(rough))
    depth = np.interp(heights, [low, 0.3, 0.9], [0.85, 0.9, 1.1])[:, None]
    colours = np.clip(np.asarray(colour) * (streaks * depth)[..., None], 0, 1)
    return still(on_skull(forward, side, heights + lift) * size, colours)


def _hairline(shape: HairStyle, turn: Numbers) -> Numbers:
    """(1, S) turns from the face -> (1, S) the height down to which the shell reaches."""
    brow, temple, nape = shape.hairline
    line = [brow, brow + 0.01, 0.9 * brow + 0.1 * temple, temple, temple, nape, nape]
    return np.asarray(np.interp(turn, [0, 0.55, 1.0, 1.35, 1.75, 2.3, np.pi], line))
