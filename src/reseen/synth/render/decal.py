"""Decals: painted skins laid a few millimetres above a surface, one colour a cell."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from reseen.synth.render.mesh import Array, Mesh, surface, unit


def decal(
    points: npt.ArrayLike,
    texture: npt.ArrayLike,
    *,
    lift: float = 0.006,
    keep: npt.ArrayLike | None = None,
    run: int = 1,
) -> Mesh:
    """A painted skin: grid corners (R+1, C+1, 3), texels (R, C, 3) sRGB -> Mesh of crisp one-colour cells.

    Rows run down and columns run right for who looks at the painted side. It floats ``lift`` metres above the
    points; cells where ``keep`` (R, C) is false are left out. Up to ``run`` neighbours of one colour in a row
    become one cell: more than 1 saves triangles where the surface is nearly flat.
    """
    grid, cells = np.asarray(points, np.float32), np.asarray(texture, np.float32)
    skin = surface(grid)
    raised = (skin.vertices + lift * skin.normals).reshape(grid.shape)
    normals = skin.normals.reshape(grid.shape)
    shown = np.ones(cells.shape[:2], bool) if keep is None else np.asarray(keep, bool)
    row, start, end = _runs(cells, shown, longest=run)

    def corners(array: Array) -> Array:
        four = (array[row, start], array[row + 1, start], array[row + 1, end], array[row, end])
        return np.stack(four, axis=1).reshape(-1, 3)

    faces = (np.arange(len(row))[:, None, None] * 4 + np.array([[0, 1, 2], [0, 2, 3]])).reshape(-1, 3)
    colours = np.repeat(cells[row, start], 4, axis=0)
    return Mesh(corners(raised), corners(normals), colours, faces.astype(np.int32))


def patch(
    texture: npt.ArrayLike,
    *,
    centre: Sequence[float],
    right: Sequence[float],
    up: Sequence[float],
    size: Sequence[float],
    lift: float = 0.006,
    keep: npt.ArrayLike | None = None,
    run: int = 1,
) -> Mesh:
    """A flat decal of ``size`` (width, height) metres about ``centre``.

    ``texture`` (R, C, 3) sRGB, first row on top; ``right`` and ``up`` are directions for who looks at it.
    """
    rows, columns = np.asarray(texture).shape[:2]
    across, along = unit(np.asarray(right, np.float64)), unit(np.asarray(up, np.float64))
    s = np.linspace(-0.5, 0.5, columns + 1)[None, :, None] * size[0]
    t = np.linspace(0.5, -0.5, rows + 1)[:, None, None] * size[1]
    return decal(np.asarray(centre) + s * across + t * along, texture, lift=lift, keep=keep, run=run)


def _runs(cells: Array, shown: npt.NDArray[np.bool_], *, longest: int) -> tuple[npt.NDArray[np.intp], ...]:
    """Row, first column and last column plus one of each stretch of at most ``longest`` like cells that are shown."""
    columns = shown.shape[1]
    same = shown[:, 1:] & shown[:, :-1] & (cells[:, 1:] == cells[:, :-1]).all(axis=2)
    joined = np.concatenate([np.zeros((len(shown), 1), bool), same], axis=1) & (np.arange(columns) % longest != 0)
    row, start = np.nonzero(shown & ~joined)
    # A stretch goes on until the next cell that is not joined to the one before it.
    breaks = np.where(joined, columns, np.arange(columns))
    after = np.minimum.accumulate(breaks[:, ::-1], axis=1)[:, ::-1]
    after = np.concatenate([after[:, 1:], np.full((len(shown), 1), columns)], axis=1)
    return row, start, after[row, start]
