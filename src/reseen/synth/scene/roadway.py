"""The ground of a scene: a street along x with pavements and verges, a street across it, lines, zebra crossings.

P = points. The camera stands at x = 0 and traffic keeps to the right: who drives along +x has y < 0. Metres.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from reseen.synth.render.mesh import Array
from reseen.synth.scene.labels import LABELS

KERB = 0.16
TEXELS = 512
"""Side of the tiles of noise."""
CROSS_PAVEMENT = 2.2
"""Width of the pavements along the street across."""
END = 105.0
"""How far the street goes, metres; houses or trees stand across it there."""
SIDES = (1, -1)
"""Left and right: the sign of y."""
NOWHERE = 1e6
"""The x of a junction or a crossing that a street does not have."""


class Roadway(NamedTuple):
    """How a street is laid out; pairs are (left, right), seen along +x.

    ``half``: half the carriageway's width, parking included; ``lanes``: the middles of its lanes; ``parking``: width
    of the parking strips or 0; ``junction`` and ``across``: middle and half width of the street across; ``zebra``: the
    middle of a crossing. ``road``, ``slabs``, ``green``: sRGB of the surfaces; ``joints``: side of the slabs.
    """

    half: float
    lanes: tuple[float, ...]
    parking: tuple[float, float]
    pavement: tuple[float, float]
    verge: tuple[float, float]
    junction: float
    across: float
    zebra: float
    road: Array
    slabs: Array
    green: Array
    joints: float

    def border(self, side: int) -> float:
        """|y| where the lots begin, ``side`` 0 left or 1 right."""
        return self.half + self.pavement[side] + self.verge[side]


def draw_roadway(rng: np.random.Generator, *, urban: float) -> Roadway:
    """A street; ``urban`` from 0 (grass beside the road) to 1 (wide pavements)."""
    each, wide = int(rng.choice([1, 2], p=[0.65, 0.35])), float(rng.uniform(3.0, 3.6))
    parking = tuple(float(width) for width in np.where(rng.random(2) < 0.55, rng.uniform(2.1, 2.4), 0.0))
    lanes = tuple(side * (i + 0.5) * wide for side in (-1, 1) for i in range(each))
    verge = tuple(float(width) for width in np.where(rng.random(2) > urban, rng.uniform(1.0, 4.5, 2), 0.0))
    left, right = rng.uniform(1.6, 2.6 + 2.2 * urban, 2)
    has_junction, has_zebra = rng.random() < 0.45, rng.random() < 0.35
    junction, across = float(rng.uniform(18, 55)), float(rng.uniform(3.0, 4.5))
    zebra = junction - across - 3.0 if has_junction else float(rng.uniform(9, 30))
    return Roadway(
        half=each * wide + max(parking),
        lanes=lanes,
        parking=(parking[0], parking[1]),
        pavement=(float(left), float(right)),
        verge=(verge[0], verge[1]),
        junction=junction if has_junction else NOWHERE,
        across=across,
        zebra=zebra if has_zebra else NOWHERE,
        road=_grey(rng, 0.24, 0.42, warm=0.0),
        slabs=_grey(rng, 0.4, 0.6, warm=0.05),
        green=(np.asarray((0.27, 0.36, 0.15)) * rng.uniform(0.75, 1.3, 3) ** 0.5).astype(np.float32),
        joints=float(rng.choice([0.5, 1.0, 1.6])),
    )


def _grey(rng: np.random.Generator, low: float, high: float, *, warm: float) -> Array:
    grey = rng.uniform(low, high)
    return np.asarray([grey + warm * rng.random(), grey, grey - warm * rng.random()], np.float32)


class Ground(NamedTuple):
    """What lies at each point: albedo (P, 3), sRGB 0..1, and label ids (P,)."""

    albedo: Array
    labels: npt.NDArray[np.uint8]


class Grain(NamedTuple):
    """Noise of deviation 1 in tiles (TEXELS, TEXELS) that repeat: single grains, and patches of some decimetres."""

    fine: Array
    coarse: Array


def make_grain() -> Grain:
    """The grain of all streets."""
    rng = np.random.default_rng(0)
    fine, coarse = rng.standard_normal((2, TEXELS, TEXELS), dtype=np.float32)
    smooth = gaussian_filter(coarse, 7.0, mode="wrap")
    return Grain(fine, smooth / smooth.std())


def ground_at(x: Array, y: Array, *, roadway: Roadway, grain: Grain) -> Ground:
    """The street at points x (P,), y (P,)."""
    side = (y < 0).astype(np.intp)
    away, along = np.abs(y), np.abs(x - roadway.junction)
    road = (away <= roadway.half) | (along <= roadway.across)
    walk = away <= roadway.half + np.asarray(roadway.pavement, np.float32)[side]
    walk = (walk | (along <= roadway.across + CROSS_PAVEMENT)) & ~road
    labels = np.full(len(x), LABELS["terrain"], np.uint8)
    labels[walk], labels[road] = LABELS["sidewalk"], LABELS["road"]
    albedo = np.empty((len(x), 3), np.float32)
    albedo[:] = roadway.green
    albedo[walk] = _slabs(x[walk], y[walk], roadway)
    albedo[road] = roadway.road
    kerb = walk & (away <= roadway.half + KERB)
    albedo[kerb] = 0.58
    lines = _lines(x, y, roadway) & road
    fine, coarse = grain.fine[_texels(x * 34.0, y * 34.0)], grain.coarse[_texels(x * 20.0, y * 20.0)]
    speckle = 1 + fine * np.where(road, 0.06, np.where(walk, 0.05, 0.16)) + coarse * np.where(road, 0.05, 0.08)
    albedo *= speckle[:, None]
    albedo[lines] = np.maximum(albedo[lines], 0.74 + 0.05 * fine[lines, None])
    return Ground(np.clip(albedo, 0.02, 1), labels)


def _slabs(x: Array, y: Array, roadway: Roadway) -> Array:
    """(P, 3) paving: each slab a little different, dark joints between them."""
    i, j = np.floor(x / roadway.joints), np.floor(y / roadway.joints)
    tone = 0.94 + 0.12 * np.modf(np.abs(np.sin(i * 12.9898 + j * 78.233)) * 43758.547)[0]
    rest = np.minimum(x / roadway.joints - i, y / roadway.joints - j)
    tone = np.where(rest * roadway.joints < 0.03, tone * 0.78, tone)
    return np.asarray(roadway.slabs * tone[:, None], np.float32)


def _lines(x: Array, y: Array, roadway: Roadway) -> npt.NDArray[np.bool_]:
    """(P,) where paint is: lane lines, edges of the carriageway, zebra crossings."""
    lanes = sorted(roadway.lanes)
    between = [(a + b) / 2 for a, b in pairwise(lanes)]
    dash = np.mod(x, 9.0) < 4.0
    painted = np.zeros(len(x), bool)
    for middle in between:
        painted |= (np.abs(y - middle) < 0.075) & (dash if abs(middle) > 0.1 or len(lanes) == 2 else True)
    outer = lanes[-1] + (lanes[-1] - between[-1])
    painted |= (np.abs(np.abs(y) - outer) < 0.06) & (outer < roadway.half - 0.3)
    painted &= np.abs(x - roadway.junction) > roadway.across
    near = np.abs(x - roadway.zebra) < 1.9
    bars = near & (np.mod(y, 1.0) < 0.5) & (np.abs(y) < roadway.half - 0.2)
    return np.asarray((painted & ~near) | bars)


def _texels(i: Array, j: Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    return np.floor(i).astype(np.int64) % TEXELS, np.floor(j).astype(np.int64) % TEXELS
