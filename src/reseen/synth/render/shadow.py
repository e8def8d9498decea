"""The shadow on the ground: dark where the object stands, softer along the sun's way.

V = vertices of the object, G = cells along one side of the ground's grid.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from reseen.synth.render.mesh import Array, unit
from reseen.synth.render.shading import Light

CELLS = 40
"""Cells along a side: 25 cm under a bus, 15 cm under a car, 4 cm under a person."""


class Shadow(NamedTuple):
    """A grid on the ground: ``points`` (G*G, 3) and how dark each is, ``depth`` (G*G,), 0..127."""

    points: Array
    depth: npt.NDArray[np.uint8]


def ground_shadow(vertices: Array, light: Light) -> Shadow:
    """(V, 3) -> the shadow that an object throws."""
    sun = unit(np.asarray(light.direction, np.float32))
    # Gaps are closed below, so a third of the vertices says as much as all of them.
    vertices = vertices[::3]
    slope = -sun[:2] / max(float(sun[2]), 0.35)
    cast = vertices[:, :2] + np.maximum(vertices[:, 2:], 0) * slope
    under = vertices[vertices[:, 2] < 0.55 * vertices[:, 2].max(), :2]
    # Column by column: far faster than axis=0 on a tall thin array.
    both = [np.concatenate([vertices[:, axis], cast[:, axis]]) for axis in (0, 1)]
    low = np.asarray([column.min() for column in both], np.float32)
    high = np.asarray([column.max() for column in both], np.float32)
    pad = np.float32(0.12) * (high - low).max()
    low, high = low - pad, high + pad
    hard = _spread(_covered(cast, low, high), rounds=1)
    soft = _spread(_covered(under, low, high), rounds=2)
    strength = 1 - (1 - 0.85 * light.hardness * hard) * (1 - 0.62 * soft)
    ticks = np.linspace(0, 1, CELLS, dtype=np.float32)
    x, y = np.meshgrid(ticks, ticks, indexing="ij")
    points = np.stack([low[0] + x * (high - low)[0], low[1] + y * (high - low)[1], 0 * x], axis=-1)
    return Shadow(points.reshape(-1, 3).astype(np.float32), (127 * strength).astype(np.uint8).ravel())


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
            grid = (ahead + grid + behind) * np.float32(1 / 3)
    grid[0] = grid[-1] = grid[:, 0] = grid[:, -1] = 0
    return grid


def ground_faces() -> npt.NDArray[np.int32]:
    """The triangles (T, 3) of every shadow's grid."""
    index = np.arange(CELLS * CELLS, dtype=np.int32).reshape(CELLS, CELLS)
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    return np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
