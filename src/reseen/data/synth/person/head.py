"""Heads: skull and face as one lofted surface, and hair as a shell over it.

Lengths are in heads (chin to crown is 1) and scaled at the end; the origin is the joint on top of the neck, x forward.
R = rings from below to the crown, S = points round a ring, crowded towards the face.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reseen.data.synth.person.surface import Floats, Grid, angles, blob, float32, still

Numbers = NDArray[np.float64]

# height, half width, front depth, back depth
_SKULL = np.array(
    [
        [0.00, 0.09, 0.30, 0.05],
        [0.03, 0.16, 0.36, 0.12],
        [0.10, 0.22, 0.385, 0.20],
        [0.20, 0.265, 0.395, 0.27],
        [0.32, 0.295, 0.395, 0.34],
        [0.45, 0.318, 0.385, 0.41],
        [0.58, 0.330, 0.39, 0.44],
        [0.70, 0.325, 0.375, 0.435],
        [0.82, 0.285, 0.31, 0.38],
        [0.91, 0.215, 0.22, 0.28],
        [0.97, 0.120, 0.12, 0.16],
        [1.00, 0.020, 0.02, 0.02],
    ]
)
_SIDES = 24
# the neck's end sits a little behind and above the chin
_CHIN = np.array([0.02, 0.0, -0.12])

SKIN_TONES = (
    (0.93, 0.78, 0.70), (0.88, 0.71, 0.61), (0.82, 0.64, 0.53), (0.74, 0.56, 0.44),
    (0.62, 0.45, 0.34), (0.50, 0.35, 0.26), (0.38, 0.26, 0.19), (0.28, 0.19, 0.145),
)  # fmt: skip
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


HAIR_STYLES = {
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
MASCULINE_HAIR = {
    "bald": 1,
    "cropped": 4,
    "short": 6,
    "quiff": 2,
    "thinning": 1,
    "curly": 1,
    "afro": 0.6,
    "shoulder": 0.4,
}
FEMININE_HAIR = {"short": 1, "curly": 1, "afro": 0.6, "bob": 3, "shoulder": 3, "long": 5, "ponytail": 3, "bun": 2}


def head(size: float, skin: ArrayLike, *, beard: float, hair: ArrayLike) -> list[Grid]:
    """Skull, face and ears of a head ``size`` metres high; ``beard`` 0 to 1 in the colour of the ``hair``."""
    heights = np.concatenate([np.linspace(0, 0.7, 18), np.linspace(0.75, 1.0, 6)])
    turns = angles(_SIDES, 0.45)
    turn = np.abs(np.where(turns > np.pi, turns - 2 * np.pi, turns))[None]
    forward, side = _ring(heights, turns)
    nose = np.exp(-((turn / 0.13) ** 2)) * np.interp(heights, [0.30, 0.34, 0.40, 0.56], [0, 1, 0.8, 0], left=0)[:, None]
    sockets = np.exp(-(((turn - 0.42) / 0.2) ** 2)) * np.exp(-(((heights - 0.50) / 0.05) ** 2))[:, None]
    forward = forward + 0.085 * nose - 0.022 * sockets
    points = _place(forward, side, heights) * size
    skull = still(points, _face(heights, turn, skin=np.asarray(skin, float), beard=beard, hair=np.asarray(hair, float)))
    ears = [blob((0.05, 0.03, 0.085), np.asarray(skin) * 0.92, rings=6, sides=8) for _ in range(2)]
    offsets = [(_CHIN + float32([-0.03, s * 0.325, 0.47])) * size for s in (1, -1)]
    return [
        skull,
        *(
            Grid(e.points * np.float32(size) + float32(o), e.normals, e.colours)
            for e, o in zip(ears, offsets, strict=True)
        ),
    ]


def _ring(heights: Numbers, turns: Floats) -> tuple[Numbers, Numbers]:
    width, front, back = (np.interp(heights, _SKULL[:, 0], _SKULL[:, k])[:, None] for k in (1, 2, 3))
    cos, sin = np.cos(turns)[None].astype(float), np.sin(turns)[None].astype(float)
    depth = np.where(cos > 0, front, back)
    return depth * np.sign(cos) * np.abs(cos) ** 0.92, width * np.sign(sin) * np.abs(sin) ** 0.88


def _place(forward: Numbers, side: Numbers, heights: Numbers) -> Numbers:
    z = np.broadcast_to(heights[:, None], forward.shape)
    return np.stack([forward, side, z], axis=-1) + _CHIN


def _face(heights: Numbers, turn: Numbers, *, skin: Numbers, beard: float, hair: Numbers) -> Floats:
    h = heights[:, None]

    def spot(height: float, at: float, *, tall: float, wide: float) -> Numbers:
        return np.exp(-(((h - height) / tall) ** 2) - ((turn - at) / wide) ** 2)

    colours = np.ones((len(heights), turn.shape[1], 3)) * skin
    features = [
        (spot(0.505, 0.42, tall=0.028, wide=0.13), 0.85, hair * 0.3 + 0.05),
        (spot(0.585, 0.42, tall=0.020, wide=0.20), 0.7, hair * 0.7),
        (spot(0.215, 0.0, tall=0.022, wide=0.24), 0.6, skin * [0.72, 0.45, 0.45]),
        (spot(0.34, 0.0, tall=0.022, wide=0.14), 0.4, skin * 0.5),
        (spot(0.34, 0.62, tall=0.10, wide=0.25), 0.25, skin * [1.0, 0.78, 0.75]),
        (np.clip((0.06 - h) / 0.06, 0, 1) + 0 * turn, 0.45, skin * 0.5),
    ]
    if beard > 0:
        jaw = np.clip((0.30 - h) / 0.06, 0, 1) * np.clip((1.75 - turn) / 0.3, 0, 1)
        lip = spot(0.27, 0.0, tall=0.025, wide=0.34)
        mouth = 1 - 0.9 * spot(0.215, 0.0, tall=0.022, wide=0.2)
        features.append((np.maximum(jaw, lip) * mouth, beard, hair * 0.9))
    for share, strength, tint in features:
        colours += strength * share[..., None] * (np.asarray(tint) - colours)
    return float32(np.clip(colours, 0, 1))


def hair(size: float, style: str, colour: ArrayLike, *, covered: bool = False) -> list[Grid]:
    """The hair of a head ``size`` metres high, flat where a hat has ``covered`` it; none when bald."""
    shape = HAIR_STYLES[style]
    if covered:
        shape = shape._replace(thick=(0.01, min(shape.thick[1], 0.04)), rough=0.0)
    if shape.hairline[0] > 1:
        return []
    shell = shell_over(size, shape, colour, strands=0.09)
    if shape.tail == "bun" and not covered:
        knot = blob((0.15, 0.15, 0.14), colour, rings=8, sides=10)
        return [shell, _moved(knot, (_CHIN + float32([-0.48, 0, 0.80])), size)]
    if shape.tail == "tail":
        tail = blob((0.11, 0.12, 0.52), np.asarray(colour) * 0.95, rings=10, sides=10)
        knot = blob((0.10, 0.09, 0.09), np.asarray(colour) * 0.8, rings=6, sides=8)
        return [
            shell,
            _moved(tail, _CHIN + float32([-0.58, 0, 0.18]), size),
            _moved(knot, _CHIN + float32([-0.49, 0, 0.66]), size),
        ]
    return [shell]


def _moved(grid: Grid, offset: Numbers, size: float) -> Grid:
    return Grid(grid.points * np.float32(size) + float32(offset * size), grid.normals, grid.colours)


def shell_over(size: float, shape: HairStyle, colour: ArrayLike, *, strands: float = 0.0) -> Grid:
    """A shell of hair or cloth: outside the skull above its hairline, hidden inside the head below it."""
    low = min(shape.hairline)
    heights = np.concatenate([np.linspace(low - 0.05, 0.95, 20), [0.985, 1.0]])
    turns = angles(_SIDES, 0.2)
    turn = np.abs(np.where(turns > np.pi, turns - 2 * np.pi, turns))[None]
    forward, side = _ring(np.maximum(heights, 0.45), turns)
    inside = _ring(np.maximum(heights, 0.02), turns)
    slim = np.interp(heights, [-0.9, -0.3, 0.1, 0.45], [0.95, 1.08, 0.94, 1.0])[:, None]
    line = np.interp(
        turn,
        [0, 0.55, 1.0, 1.35, 1.75, 2.3, np.pi],
        [
            shape.hairline[0],
            shape.hairline[0] + 0.01,
            shape.hairline[0] * 0.9 + 0.1 * shape.hairline[1],
            *([shape.hairline[1]] * 2),
            *([shape.hairline[2]] * 2),
        ],
    )
    edge = np.clip((heights[:, None] - line) / 0.05, 0, 1)
    rough = np.random.default_rng(3).normal(0, 1, forward.shape) * shape.rough
    thick = np.interp(heights, [0.35, 0.85], shape.thick[::-1])[:, None] + rough
    reach = np.hypot(forward, side)
    grow = slim * (1 + thick * np.sqrt(edge) / np.maximum(reach, 0.15))
    lift = np.interp(heights, [0.8, 1.0], [0.0, shape.thick[0]])
    shell = (np.where(edge > 0, grow * out, 0.88 * within) for out, within in zip((forward, side), inside, strict=True))
    points = _place(shell[0], shell[1], heights + lift) * size
    streaks = 1 + strands * (np.sin(9 * turn + 5 * np.sin(3 * turns)[None]) + 0.5 * np.sign(rough))
    depth = np.interp(heights, [low, 0.3, 0.9], [0.85, 0.9, 1.1])[:, None]
    return still(points, np.clip(np.asarray(colour) * (streaks * depth)[..., None], 0, 1))
