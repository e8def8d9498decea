"""Triangle meshes with vertex colours, and the few solids and surfaces that every subject is built from.

x forward, y left, z up, metres, origin on the ground below the object's centre.
V = vertices, T = triangles, R = rings or rows, N = points of a ring, C = columns.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Colour = Sequence[float] | npt.NDArray[np.floating]
Axis = Literal["x", "y", "z"]

GREY = (0.5, 0.5, 0.5)


class Mesh(NamedTuple):
    """A surface: triangles are counter-clockwise seen from outside, colours are sRGB in 0..1.

    ``vertices`` (V, 3), ``normals`` (V, 3) unit, ``colours`` (V, 3): float32; ``triangles`` (T, 3): int32.
    """

    vertices: Array
    normals: Array
    colours: Array
    triangles: npt.NDArray[np.int32]


class Part(NamedTuple):
    """A mesh with its finish.

    ``mark``: it is one of the identity's marks; ``gloss``: 0 (cloth) to 1 (glass).
    """

    mesh: Mesh
    mark: bool = False
    gloss: float = 0.0


def smooth_normals(vertices: Array, triangles: npt.NDArray[np.int32]) -> Array:
    """(V, 3), (T, 3) -> (V, 3): the area-weighted mean of the normals of each vertex's triangles."""
    a, b, c = (vertices[triangles[:, i]] for i in range(3))
    faces = np.cross(b - a, c - a)
    flat = np.repeat(triangles, 3, axis=0).reshape(-1, 3, 3)
    normals = np.stack(
        [
            np.bincount(flat[:, 0, :].ravel(), np.repeat(faces[:, axis], 3), minlength=len(vertices))
            for axis in range(3)
        ],
        axis=1,
    )
    return unit(normals)


def unit(vectors: npt.ArrayLike) -> Array:
    """(..., 3) -> (..., 3) of length one; a vector of length zero becomes +z."""
    ways = np.asarray(vectors, np.float64)
    length = np.linalg.norm(ways, axis=-1, keepdims=True)
    up = np.asarray([0, 0, 1], np.float32)
    return np.where(length > 1e-12, ways / np.maximum(length, 1e-12), up).astype(np.float32)


def solid(vertices: npt.ArrayLike, triangles: npt.ArrayLike, *, colour: Colour = GREY) -> Mesh:
    """(V, 3), (T, 3) -> Mesh with smooth normals; ``colour`` (3,) or (V, 3)."""
    points = np.asarray(vertices, np.float32)
    faces = np.asarray(triangles, np.int32)
    return Mesh(points, smooth_normals(points, faces), _spread(colour, len(points)), faces)


def merge(meshes: Sequence[Mesh]) -> Mesh:
    """All meshes as one; no mesh at all gives an empty one."""
    if not meshes:
        none = np.zeros((0, 3), np.float32)
        return Mesh(none, none, none, np.zeros((0, 3), np.int32))
    offsets = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes[:-1])])
    faces = [mesh.triangles + offset for mesh, offset in zip(meshes, offsets, strict=True)]
    vertices, normals, colours = (np.concatenate([mesh[i] for mesh in meshes]) for i in range(3))
    return Mesh(vertices, normals, colours, np.concatenate(faces).astype(np.int32))


def translate(mesh: Mesh, offset: Sequence[float]) -> Mesh:
    """The mesh moved by ``offset`` (3,) metres."""
    return mesh._replace(vertices=mesh.vertices + np.asarray(offset, np.float32))


def rotation(axis: Axis, degrees: float) -> Array:
    """The (3, 3) matrix that turns counter-clockwise about ``axis``, seen against it."""
    turn = np.deg2rad(degrees)
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    matrix = np.eye(3, dtype=np.float32)
    matrix[i, i] = matrix[j, j] = np.cos(turn)
    matrix[i, j], matrix[j, i] = -np.sin(turn), np.sin(turn)
    return matrix


def rotate(mesh: Mesh, axis: Axis, degrees: float, *, about: Sequence[float] = (0, 0, 0)) -> Mesh:
    """The mesh turned counter-clockwise by ``degrees`` about the line along ``axis`` through ``about``."""
    matrix, centre = rotation(axis, degrees), np.asarray(about, np.float32)
    turned = (mesh.vertices - centre) @ matrix.T + centre
    return mesh._replace(vertices=turned.astype(np.float32), normals=mesh.normals @ matrix.T)


def scale(mesh: Mesh, factors: float | Sequence[float]) -> Mesh:
    """The mesh stretched about the origin; mirrored by negative factors, its outside stays outside."""
    by = np.broadcast_to(np.asarray(factors, np.float32), (3,))
    faces = mesh.triangles[:, ::-1] if np.prod(by) < 0 else mesh.triangles
    normals = unit(mesh.normals / by)
    return Mesh(mesh.vertices * by, normals, mesh.colours, np.ascontiguousarray(faces))


def coloured(mesh: Mesh, colour: Colour) -> Mesh:
    """The mesh in one colour (3,) or in one per vertex (V, 3), sRGB in 0..1."""
    return mesh._replace(colours=_spread(colour, len(mesh.vertices)))


def surface(points: npt.ArrayLike, *, colour: Colour = GREY, around: bool = False) -> Mesh:
    """(R, C, 3) grid of points -> Mesh, seen from the side where rows run down and columns run right.

    ``around`` joins the last column to the first. ``colour`` (3,) or (R, C, 3).
    """
    grid = np.asarray(points, np.float32)
    rows, columns = grid.shape[:2]
    index = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns)
    if around:
        index = np.concatenate([index, index[:, :1]], axis=1)
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    shade = np.asarray(colour, np.float32)
    return solid(grid.reshape(-1, 3), faces, colour=shade.reshape(-1, 3) if shade.ndim == 3 else shade)


def tube(rings: npt.ArrayLike, *, colour: Colour = GREY, caps: bool = True) -> Mesh:
    """(R, N, 3) closed rings -> lofted tube with flat ends.

    Rings follow each other along the tube; the points of a ring run counter-clockwise for who looks back from the
    last ring to the first: from above, for rings stacked upwards. ``colour`` (3,) or (R, N, 3).
    """
    grid = np.asarray(rings, np.float32)
    shade = np.broadcast_to(np.asarray(colour, np.float32), grid.shape)
    # surface() wants rows to run down where columns run right, so the rings go in reversed.
    wall = surface(grid[::-1], colour=shade[::-1], around=True)
    if not caps:
        return wall
    first = _fan(grid[0, ::-1], shade[0].mean(axis=0))
    last = _fan(grid[-1], shade[-1].mean(axis=0))
    return merge([wall, first, last])


def box(
    size: Sequence[float], *, centre: Sequence[float] = (0, 0, 0), colour: Colour = GREY, divisions: int = 1
) -> Mesh:
    """A box of ``size`` (3,) metres with sharp edges; ``divisions`` cells along each edge."""
    ticks = np.linspace(-0.5, 0.5, divisions + 1)
    right, down = np.meshgrid(ticks, -ticks)
    face = np.stack([np.full_like(right, 0.5), right, down], axis=-1)
    sides = [face @ rotation("z", 90.0 * k).T for k in range(4)]
    sides += [face @ rotation("y", 90.0 * k).T for k in (1, 3)]
    meshes = [surface(side * np.asarray(size), colour=colour) for side in sides]
    return translate(merge(meshes), centre)


def cylinder(
    radius: float,
    length: float,
    *,
    axis: Axis = "z",
    centre: Sequence[float] = (0, 0, 0),
    colour: Colour = GREY,
    segments: int = 16,
    taper: float = 1.0,
) -> Mesh:
    """A cylinder with flat ends along ``axis``; its far end has ``radius * taper``."""
    turn = np.linspace(0, 2 * np.pi, segments, endpoint=False)
    ring = np.stack([np.cos(turn), np.sin(turn), np.zeros_like(turn)], axis=-1) * radius
    ends = np.stack([ring, ring * taper])
    ends[0, :, 2], ends[1, :, 2] = -length / 2, length / 2
    upright = tube(ends, colour=colour)
    turned = {"z": upright, "x": rotate(upright, "y", 90), "y": rotate(upright, "x", -90)}[axis]
    return translate(turned, centre)


def ellipsoid(
    radii: Sequence[float],
    *,
    centre: Sequence[float] = (0, 0, 0),
    colour: Colour = GREY,
    rows: int = 9,
    columns: int = 14,
) -> Mesh:
    """An ellipsoid of ``radii`` (3,) metres, poles on z; ``rows`` from pole to pole, ``columns`` around."""
    tilt = np.linspace(0, np.pi, rows)[:, None]
    turn = np.linspace(0, 2 * np.pi, columns, endpoint=False)[None, :]
    ball = np.stack([np.sin(tilt) * np.cos(turn), np.sin(tilt) * np.sin(turn), np.cos(tilt) + 0 * turn], -1)
    mesh = surface(ball, colour=colour, around=True)
    exact = unit(ball.reshape(-1, 3) / np.asarray(radii))
    return translate(mesh._replace(vertices=mesh.vertices * np.asarray(radii, np.float32), normals=exact), centre)


def _fan(ring: Array, colour: Array) -> Mesh:
    """A flat lid over a ring (N, 3) that runs counter-clockwise seen from outside."""
    count = len(ring)
    index = np.arange(count)
    faces = np.stack([index, (index + 1) % count, np.full(count, count)], axis=1)
    return solid(np.concatenate([ring, ring.mean(axis=0, keepdims=True)]), faces, colour=colour)


def _spread(colour: Colour, count: int) -> Array:
    return np.array(np.broadcast_to(np.asarray(colour, np.float32), (count, 3)))
