"""Surfaces lofted along a bent axis: what bodies and clothes are made of.

R = rings, S = points round a ring, A = samples along an axis, all lengths in metres. A ring runs counter-clockwise
from the axis's ``forward`` to its ``side``; rings follow each other along ``forward x side``: triangles face outward.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reseen.synth.render.mesh import Mesh

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

SAMPLES = 33
"""Samples along every axis."""


class Axis(NamedTuple):
    """A bent line with a frame at each sample: ``points``, ``forward`` and ``side`` are (A, 3)."""

    points: Floats
    forward: Floats
    side: Floats


class Tube(NamedTuple):
    """The unposed half of a lofted surface.

    ``along`` (R, A) linear weights onto an axis; ``forward`` and ``side`` (R, S) offsets from it; ``colours``
    (R, S, 3); ``folds`` (R, S) the depth of creases over the local radius; ``shade`` how far a crease darkens.
    """

    along: Floats
    forward: Floats
    side: Floats
    colours: Floats
    folds: Floats
    shade: float


class Grid(NamedTuple):
    """A posed surface whose rings are still known: ``points``, ``normals``, ``colours`` are (R, S, 3)."""

    points: Floats
    normals: Floats
    colours: Floats

    def mesh(self) -> Mesh:
        """The surface as triangles, closed round each ring and open at both ends."""
        rings, sides = self.points.shape[:2]
        triangles = ring_triangles(rings, sides)
        return Mesh(self.points.reshape(-1, 3), self.normals.reshape(-1, 3), self.colours.reshape(-1, 3), triangles)


def float32(values: ArrayLike) -> Floats:
    """Any numbers as a float32 array."""
    return np.asarray(values, np.float32)


@lru_cache(maxsize=64)
def ring_triangles(rings: int, sides: int) -> Ints:
    """The triangles (2 * (R - 1) * S, 3) of a closed-round grid."""
    r, s = np.meshgrid(np.arange(rings - 1), np.arange(sides), indexing="ij")
    a, b = r * sides + s, r * sides + (s + 1) % sides
    quads = np.stack([a, b, b + sides, a, b + sides, a + sides], axis=-1)
    return quads.reshape(-1, 3).astype(np.int32)


@lru_cache(maxsize=64)
def angles(sides: int, focus: float = 0.0) -> Floats:
    """(S,) angles from 0 to 2 pi; ``focus`` in [0, 1) crowds them round the front."""
    even = np.arange(sides) * (2 * np.pi / sides)
    return float32(even - focus * np.sin(even))


@lru_cache(maxsize=8)
def _crease_bank(sides: int) -> Floats:
    """(256, S) slanted waves in [-1, 1] that close round the ring."""
    rng = np.random.default_rng(7)
    row, angle = np.arange(256)[:, None], angles(sides)[None]
    bank = np.zeros((256, sides))
    for weight in (1.0, 1.0, 0.8, 0.7, 0.6, 0.5, 0.5):
        turns, length, phase = rng.integers(-3, 4), rng.uniform(4.5, 11.0), rng.uniform(0, 2 * np.pi)
        swell = 1 + np.sin(row / rng.uniform(9, 23) + rng.uniform(0, 6) + angle * rng.integers(0, 2))
        bank += weight * swell * np.sin(turns * angle + 2 * np.pi * row / length + phase)
    return float32(np.tanh(bank / bank.std() * 0.8))


def creases(rings: int, sides: int, rng: np.random.Generator) -> Floats:
    """(R, S) how cloth happens to lie in this image, in [-1, 1]."""
    start, turn = rng.integers(0, 256 - rings), rng.integers(0, sides)
    window = _crease_bank(sides)[start : start + rings]
    return np.concatenate([window[:, turn:], window[:, :turn]], axis=1)


def along_axis(positions: ArrayLike, length: float) -> Floats:
    """(R,) positions -> (R, A) weights that interpolate an axis of that length linearly."""
    place = np.clip(np.asarray(positions, float) / length, 0, 1) * (SAMPLES - 1)
    low = np.minimum(place.astype(int), SAMPLES - 2)
    weights = np.zeros((len(place), SAMPLES), np.float32)
    rows = np.arange(len(place))
    weights[rows, low] = low + 1 - place
    weights[rows, low + 1] = place - low
    return weights


def grid_normals(points: Floats) -> Floats:
    """(R, S, 3) -> unit normals, by central differences; the ends take one-sided ones."""
    round_ring = np.empty_like(points)
    round_ring[:, 1:-1] = points[:, 2:] - points[:, :-2]
    round_ring[:, 0] = points[:, 1] - points[:, -1]
    round_ring[:, -1] = points[:, 0] - points[:, -2]
    up = np.empty_like(points)
    up[1:-1] = points[2:] - points[:-2]
    up[0], up[-1] = points[1] - points[0], points[-1] - points[-2]
    normals = round_ring[..., [1, 2, 0]] * up[..., [2, 0, 1]] - round_ring[..., [2, 0, 1]] * up[..., [1, 2, 0]]
    length = np.sqrt(np.einsum("rsk,rsk->rs", normals, normals))[..., None]
    return float32(normals / np.maximum(length, 1e-12))


def tube(
    along: Floats,
    radii: tuple[ArrayLike, ArrayLike],
    colours: Floats,
    *,
    folds: ArrayLike = 0.0,
    shade: float = 0.0,
    hem: str = "",
) -> Tube:
    """A tube of (R, S) ``radii`` (forward and side offsets); ``folds`` (R,) or (R, S) is the crease depth.

    ``hem`` "first" or "last" turns the cloth inward at that end, where the dark inside shows.
    """
    forward, side = float32(radii[0]), float32(radii[1])
    colours = np.clip(colours, 0, 1)
    depth = float32(folds)
    depth = depth[:, None] if depth.ndim == 1 else depth
    relative = float32(np.broadcast_to(depth / np.maximum(np.hypot(forward, side), 0.01), forward.shape))
    if not hem:
        return Tube(along, forward, side, colours, relative, shade)
    rings = np.arange(len(forward))
    rings = np.append(rings, rings[-1]) if hem == "last" else np.append(0, rings)
    inward, dark = np.ones((len(rings), 1), np.float32), np.ones((len(rings), 1, 1), np.float32)
    end = -1 if hem == "last" else 0
    inward[end], dark[end] = 0.5, 0.45
    return Tube(
        along[rings], forward[rings] * inward, side[rings] * inward, colours[rings] * dark, relative[rings], shade
    )


def pose(shape: Tube, axis: Axis, rng: np.random.Generator) -> Grid:
    """Lays a tube along an axis, with this image's creases."""
    centre, forward, side = np.split(shape.along @ np.hstack(axis), 3, axis=1)
    crease = creases(len(shape.forward), shape.forward.shape[1], rng)
    swell = 1 + shape.folds * crease
    points = float32(
        centre[:, None]
        + (shape.forward * swell)[..., None] * forward[:, None]
        + (shape.side * swell)[..., None] * side[:, None]
    )
    colours = shape.colours
    if shape.shade:
        colours = np.clip(colours * (1 + shape.shade * crease)[..., None], 0, 1)
    return Grid(points, grid_normals(points), colours)


def still(points: ArrayLike, colours: ArrayLike) -> Grid:
    """A rigid surface from (R, S, 3) points; ``colours`` broadcast to them."""
    place = float32(points)
    return Grid(
        place, grid_normals(place), np.ascontiguousarray(np.broadcast_to(np.clip(float32(colours), 0, 1), place.shape))
    )


def blob(
    radii: tuple[float, float, float],
    colour: ArrayLike,
    *,
    boxy: float = 0.0,
    rings: int = 10,
    sides: int = 14,
) -> Grid:
    """A superellipsoid round the origin: ``boxy`` 0 is an ellipsoid, towards 1 a box with round edges."""
    rise = np.linspace(-np.pi / 2 + 0.06, np.pi / 2 - 0.06, rings)[:, None]
    angle = angles(sides)[None]
    power = 1 - 0.85 * boxy

    def bend(value: NDArray[np.floating]) -> NDArray[np.floating]:
        return np.asarray(np.sign(value) * np.abs(value) ** power)

    x = radii[0] * bend(np.cos(rise)) * bend(np.cos(angle))
    y = radii[1] * bend(np.cos(rise)) * bend(np.sin(angle))
    z = np.broadcast_to(radii[2] * bend(np.sin(rise)), x.shape)
    return still(np.stack([x, y, z], axis=-1), colour)
