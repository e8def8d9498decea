"""Things that lie on a posed surface: straps, prints, badges, zips. They follow every crease below them.

K = vertices of the overlay, R = rings and S = points round a ring of the surface below.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reseen.synth.person.surface import Floats, Grid, Ints, float32
from reseen.synth.render.mesh import Mesh, unit


class Overlay(NamedTuple):
    """Where each vertex lies between four points of the surface below: ``corners`` and ``weights`` are (K, 4)."""

    corners: NDArray[np.intp]
    weights: Floats
    lift: Floats
    colours: Floats
    triangles: Ints


class Chart(NamedTuple):
    """How places on a surface are named: ``heights`` (R,) rising or falling, ``turns`` (S,) angles rising from 0."""

    heights: Floats
    turns: Floats


def overlay(chart: Chart, *, heights: ArrayLike, turns: ArrayLike, colours: ArrayLike, lift: float) -> Overlay:
    """A (P, Q) patch of the surface, given by the height and the turn of each of its points.

    ``heights`` run down with P and ``turns`` run up with Q, so that the patch faces outward; ``colours`` broadcast to
    (P, Q, 3).
    """
    height, turn = np.broadcast_arrays(np.asarray(heights, float), np.asarray(turns, float))
    corners, weights = _between(chart, height.ravel(), turn.ravel())
    rows, columns = height.shape
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    triangles = np.stack([a, b, c, a, c, d], axis=-1).reshape(-1, 3).astype(np.int32)
    paint = np.broadcast_to(float32(colours), (rows, columns, 3)).reshape(-1, 3)
    return Overlay(corners, weights, float32(np.full((len(paint), 1), lift)), paint, triangles)


def printed(chart: Chart, *, texture: Floats, keep: NDArray[np.bool_], heights: ArrayLike, turns: ArrayLike) -> Overlay:
    """Crisp cells (P, Q) of one colour each, those of ``keep`` only; ``heights`` (P + 1,), ``turns`` (Q + 1,)."""
    height, turn = np.meshgrid(np.asarray(heights, float), np.asarray(turns, float), indexing="ij")
    four = [
        (slice(None, -1), slice(None, -1)),
        (slice(1, None), slice(None, -1)),
        (slice(1, None), slice(1, None)),
        (slice(None, -1), slice(1, None)),
    ]
    spots = [np.stack([values[part][keep] for part in four], axis=1).ravel() for values in (height, turn)]
    corners, weights = _between(chart, *spots)
    count = int(keep.sum())
    triangles = (np.arange(count)[:, None, None] * 4 + np.array([[0, 1, 2], [0, 2, 3]])).reshape(-1, 3)
    colours = np.repeat(texture[keep], 4, axis=0)
    return Overlay(corners, weights, float32(np.full((count * 4, 1), 0.008)), colours, triangles.astype(np.int32))


def lay(shape: Overlay, below: Grid) -> Mesh:
    """The overlay on this image's surface."""
    points, normals = (
        np.einsum("kc,kcx->kx", shape.weights, values.reshape(-1, 3)[shape.corners]) for values in below[:2]
    )
    return Mesh(points + normals * shape.lift, unit(normals), shape.colours, shape.triangles)


def _between(chart: Chart, height: NDArray[np.floating], turn: NDArray[np.floating]) -> tuple[NDArray[np.intp], Floats]:
    rings, sides = len(chart.heights), len(chart.turns)
    order = np.arange(rings) if chart.heights[0] < chart.heights[-1] else np.arange(rings)[::-1]
    ring = np.clip(np.interp(height, chart.heights[order], order), 0, rings - 1.001)
    place = np.interp(np.mod(turn, 2 * np.pi), np.append(chart.turns, 2 * np.pi), np.arange(sides + 1.0))
    low, column = ring.astype(int), np.minimum(place.astype(int), sides - 1)
    up, across = ring - low, place - column
    after = (column + 1) % sides
    corners = np.stack(
        [low * sides + column, low * sides + after, (low + 1) * sides + column, (low + 1) * sides + after]
    )
    weights = np.stack([(1 - up) * (1 - across), (1 - up) * across, up * (1 - across), up * across])
    return corners.T, float32(weights.T)
