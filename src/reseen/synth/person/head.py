"""Heads: skull and face as one lofted surface.

Lengths are in heads (chin to crown is 1) and scaled at the end; the origin is the joint on top of the neck, x forward.
R = rings from below to the crown, S = points round a ring, crowded towards the face.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reseen.synth.person.surface import Floats, Grid, angles, blob, float32, still

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
SIDES = 24
# the neck's end sits a little behind and above the chin
CHIN = np.array([0.02, 0.0, -0.12])

SKIN_TONES = (
    (0.93, 0.78, 0.70), (0.88, 0.71, 0.61), (0.82, 0.64, 0.53), (0.74, 0.56, 0.44),
    (0.62, 0.45, 0.34), (0.50, 0.35, 0.26), (0.38, 0.26, 0.19), (0.28, 0.19, 0.145),
)  # fmt: skip


def head(size: float, skin: ArrayLike, *, beard: float, hair: ArrayLike) -> list[Grid]:
    """Skull, face and ears of a head ``size`` metres high; ``beard`` 0 to 1 in the colour of the ``hair``."""
    heights = np.concatenate([np.linspace(0, 0.7, 18), np.linspace(0.75, 1.0, 6)])
    turns = angles(SIDES, 0.45)
    turn = np.abs(np.where(turns > np.pi, turns - 2 * np.pi, turns))[None]
    forward, side = skull_ring(heights, turns)
    nose = np.exp(-((turn / 0.13) ** 2)) * np.interp(heights, [0.30, 0.34, 0.40, 0.56], [0, 1, 0.8, 0], left=0)[:, None]
    sockets = np.exp(-(((turn - 0.42) / 0.2) ** 2)) * np.exp(-(((heights - 0.50) / 0.05) ** 2))[:, None]
    forward = forward + 0.085 * nose - 0.022 * sockets
    points = on_skull(forward, side, heights) * size
    skull = still(points, _face(heights, turn, skin=np.asarray(skin, float), beard=beard, hair=np.asarray(hair, float)))
    ear = blob((0.05 * size, 0.03 * size, 0.085 * size), np.asarray(skin) * 0.92, rings=6, sides=8)
    spots = [(CHIN + float32([-0.03, side * 0.325, 0.47])) * size for side in (1, -1)]
    return [skull, *(ear._replace(points=ear.points + float32(spot)) for spot in spots)]


def skull_ring(heights: Numbers, turns: Floats) -> tuple[Numbers, Numbers]:
    """(R,), (S,) -> (R, S) forward and side offsets of the skull at those heights."""
    width, front, back = (np.interp(heights, _SKULL[:, 0], _SKULL[:, k])[:, None] for k in (1, 2, 3))
    cos, sin = np.cos(turns)[None].astype(float), np.sin(turns)[None].astype(float)
    depth = np.where(cos > 0, front, back)
    forward, side = depth * np.sign(cos) * np.abs(cos) ** 0.92, width * np.sign(sin) * np.abs(sin) ** 0.88
    return np.asarray(forward), np.asarray(side)


def on_skull(forward: Numbers, side: Numbers, heights: Numbers) -> Numbers:
    """(R, S), (R, S), (R,) -> (R, S, 3) points in the frame of the neck's end."""
    z = np.broadcast_to(heights[:, None], forward.shape)
    return np.asarray(np.stack([forward, side, z], axis=-1) + CHIN)


def _face(heights: Numbers, turn: Numbers, *, skin: Numbers, beard: float, hair: Numbers) -> Floats:
    h = heights[:, None]

    def spot(height: float, at: float, *, tall: float, wide: float) -> Numbers:
        return np.asarray(np.exp(-(((h - height) / tall) ** 2) - ((turn - at) / wide) ** 2))

    colours = np.ones((len(heights), turn.shape[1], 3)) * skin
    features: list[tuple[Numbers, float, ArrayLike]] = [
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
