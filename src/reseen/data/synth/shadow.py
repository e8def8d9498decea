"""The shadow on the ground: dark where the object stands, softer along the sun's way.

V = vertices of the object, G = cells along one side of the ground's grid.
"""

import numpy as np
import numpy.typing as npt

from reseen.data.synth.mesh import Array, unit
from reseen.data.synth.shading import Light

CELLS = 40
"""Cells along a side: 25 cm under a bus, 15 cm under a car, 4 cm under a person."""


def ground_shadow(vertices: Array, light: Light) -> tuple[Array, npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """(V, 3) -> ground grid (G*G, 3), its triangles and each point's depth of shadow, 0..127."""
    sun = unit(np.asarray(light.direction, np.float32))
    slope = -sun[:2] / max(float(sun[2]), 0.35)
    cast = vertices[:, :2] + np.maximum(vertices[:, 2:], 0) * slope
    under = vertices[vertices[:, 2] < 0.55 * vertices[:, 2].max(), :2]
    low = np.minimum(vertices[:, :2].min(axis=0), cast.min(axis=0))
    high = np.maximum(vertices[:, :2].max(axis=0), cast.max(axis=0))
    pad = 0.12 * float((high - low).max())
    low, high = low - pad, high + pad
    hard = _spread(_covered(cast, low, high), rounds=1)
    soft = _spread(_covered(under, low, high), rounds=2)
    strength = 1 - (1 - 0.85 * light.hardness * hard) * (1 - 0.62 * soft)
    ticks = np.linspace(0, 1, CELLS, dtype=np.float32)
    x, y = np.meshgrid(ticks, ticks, indexing="ij")
    points = np.stack([low[0] + x * (high - low)[0], low[1] + y * (high - low)[1], 0 * x], axis=-1)
    return points.reshape(-1, 3).astype(np.float32), _faces(), (127 * strength).astype(np.uint8).ravel()


def _covered(points: Array, low: Array, high: Array) -> Array:
    """(V, 2) -> (G, G): which grid points have something above them; gaps inside are closed along both axes."""
    cell = np.round((points - low) / (high - low) * (CELLS - 1)).astype(np.int32)
    hits = np.bincount(cell[:, 0] * CELLS + cell[:, 1], minlength=CELLS * CELLS) > 0
    grid = hits.reshape(CELLS, CELLS)

    def between(axis: int) -> npt.NDArray[np.bool_]:
        before = np.logical_or.accumulate(grid, axis=axis)
        after = np.flip(np.logical_or.accumulate(np.flip(grid, axis), axis=axis), axis)
        return before & after

    return (between(0) & between(1)).astype(np.float32)


def _spread(grid: Array, *, rounds: int) -> Array:
    """A soft edge: the 3 x 3 mean, ``rounds`` times; the border counts as open ground."""
    for _ in range(rounds):
        for axis in (0, 1):
            ahead, behind = np.roll(grid, 1, axis), np.roll(grid, -1, axis)
            grid = (ahead + grid + behind) / 3
    grid[0] = grid[-1] = grid[:, 0] = grid[:, -1] = 0
    return grid


def _faces() -> npt.NDArray[np.int32]:
    index = np.arange(CELLS * CELLS, dtype=np.int32).reshape(CELLS, CELLS)
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    return np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
