"""Streets for vehicles: asphalt with its lines and wear, kerbs, verges, and what stands behind them, as painted tiles.

In `StreetTiles` the ground's first axis runs along the road and its second across; the front's second runs upwards.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from reseen.synth.render.shading import Light, to_bytes
from reseen.synth.render.street import REACH, TILE, StreetTiles

FINE = 512
"""Texels along each side of the ground's tile."""

Texels = npt.NDArray[np.float64]


class StreetLayout(NamedTuple):
    """How a kind of street is laid out: half width of the road, width of the pavement, what stands behind."""

    road: float
    pavement: float
    wall: float
    surface: tuple[float, float, float]
    verge: str
    front: str


STREETS: Mapping[str, StreetLayout] = MappingProxyType(
    {
        "avenue": StreetLayout(10.5, 3.0, 15.5, (0.3, 0.3, 0.31), "slabs", "houses"),
        "crossing": StreetLayout(12.0, 3.0, 15.8, (0.36, 0.36, 0.35), "slabs", "shops"),
        "highway": StreetLayout(11.0, 1.0, 13.5, (0.42, 0.42, 0.41), "grass", "fence"),
        "suburb": StreetLayout(4.5, 2.0, 12.0, (0.27, 0.27, 0.28), "grass", "hedge"),
        "campus": StreetLayout(5.0, 3.5, 11.5, (0.4, 0.39, 0.37), "slabs", "trees"),
        "concrete": StreetLayout(8.0, 2.5, 14.0, (0.5, 0.5, 0.47), "earth", "wall"),
        "car_park": StreetLayout(14.5, 0.5, 15.5, (0.33, 0.33, 0.34), "slabs", "houses"),
    }
)
"""The kinds of street: name -> StreetLayout."""


def pave(name: str, *, light: Light, seed: int, walked: bool = False) -> StreetTiles:
    """The tiles of one station, painted and lit; ``walked``: its pavements have slabs, whatever lies beyond them."""
    rng = np.random.default_rng(seed)
    layout = STREETS[name]
    sun = np.asarray(light.sun) * max(float(light.direction[2]), 0.0)
    flat = sun + np.asarray(light.sky)
    upright = 0.45 * np.asarray(light.sun) + 0.55 * np.asarray(light.sky) + 0.4 * np.asarray(light.ground)
    plain = _ground(layout, rng)
    if walked and layout.verge != "slabs":
        _lay_slabs(plain, layout, np.random.default_rng([seed, 1]))
    ground = plain**2.2 * flat
    front = np.clip(FRONTS[layout.front](rng), 0.01, 1) ** 2.2 * upright
    sky = np.minimum(1.6 * np.asarray(light.sky), 1.2)
    walls = (layout.wall, layout.wall - float(rng.uniform(0, 0.5)))
    tiles = [to_bytes(part.astype(np.float32)) for part in (ground, front, sky)]
    return StreetTiles(tiles[0], tiles[1], tiles[2], walls)


def _grain(rng: np.random.Generator, shape: tuple[int, int], cells: int) -> Texels:
    """Smooth noise of mean 0 and deviation 1 whose spots are 1 / ``cells`` of the tile; repeats along x."""
    coarse = rng.normal(size=(cells, max(2, cells * shape[1] // shape[0])))
    i, j = (np.linspace(0, n, m, endpoint=False) for n, m in zip(coarse.shape, shape, strict=True))
    a, b = i.astype(int), j.astype(int)
    s, t = (i - a)[:, None], (j - b)[None]
    nxt, side = (a + 1) % coarse.shape[0], np.minimum(b + 1, coarse.shape[1] - 1)
    top = coarse[a][:, b] * (1 - t) + coarse[a][:, side] * t
    low = coarse[nxt][:, b] * (1 - t) + coarse[nxt][:, side] * t
    return np.asarray(top * (1 - s) + low * s)


def _ground(layout: StreetLayout, rng: np.random.Generator) -> Texels:
    y = (np.arange(FINE) + 0.5) / FINE * 2 * REACH - REACH
    x = (np.arange(FINE) + 0.5) / FINE * TILE
    noise = 0.018 * _grain(rng, (FINE, FINE), 200) + 0.02 * _grain(rng, (FINE, FINE), 24)
    noise += 0.02 * _grain(rng, (FINE, FINE), 6)
    tile = np.empty((FINE, FINE, 3))
    tile[:] = np.asarray(layout.surface) * rng.uniform(0.85, 1.15)
    lanes = np.arange(-layout.road, layout.road + 0.1, 3.5)
    wear = sum(np.exp(-(((y - lane - k) / 0.35) ** 2)) for lane in lanes for k in (1.0, 2.5))
    tile *= 1 - 0.08 * np.minimum(np.asarray(wear), 1)[None, :, None]
    tile += noise[..., None]
    for _ in range(int(rng.integers(3, 9))):
        i, j, a, b = (int(k) for k in rng.integers((0, 0, 8, 6), (FINE - 90, FINE - 50, 90, 50)))
        tile[i : i + a, j : j + b] *= rng.uniform(0.8, 1.12)
    _lines(tile, layout, x=x, y=y, lanes=lanes, rng=rng)
    off = np.abs(y) > layout.road
    tile[:, off] = VERGES[layout.verge](rng)[:, off]
    kerb = (np.abs(y) > layout.road) & (np.abs(y) < layout.road + 0.22)
    tile[:, kerb] = 0.55 + 0.5 * noise[:, kerb, None]
    beyond = np.abs(y) > layout.road + 0.22 + layout.pavement
    if layout.verge == "slabs":
        tile[:, beyond] = VERGES["earth"](rng)[:, beyond]
    return np.asarray(np.clip(tile, 0.02, 1))


def _lines(
    tile: Texels, layout: StreetLayout, *, x: Texels, y: Texels, lanes: Texels, rng: np.random.Generator
) -> None:
    white = np.asarray([0.78, 0.78, 0.75]) * rng.uniform(0.8, 1.05)
    yellow = np.asarray([0.75, 0.6, 0.2])
    worn = rng.random((len(x), len(y))) < rng.uniform(0.6, 0.95)
    dash = (x % 8) < rng.uniform(2.5, 5)
    for lane in lanes[1:-1]:
        middle = abs(lane) < 0.6
        on = np.abs(y - lane) < 0.09
        shown = worn & on[None] & (True if middle else dash[:, None])
        tile[shown] = yellow if middle else white
    for edge in (-layout.road + 0.35, layout.road - 0.35):
        tile[worn & (np.abs(y - edge) < 0.08)[None]] = white
    if rng.random() < 0.3:
        bars = ((y % 1.0) < 0.5) & (np.abs(y) < layout.road - 0.6)
        tile[worn & bars[None] & ((x > 4) & (x < 7.5))[:, None]] = white


def _slabs(rng: np.random.Generator) -> Texels:
    tile = np.full((FINE, FINE, 3), 1.0) * np.asarray([0.52, 0.5, 0.47]) * rng.uniform(0.85, 1.1)
    tile *= 1 + 0.05 * rng.normal(size=(FINE // 8, FINE // 8)).repeat(8, 0).repeat(8, 1)[..., None]
    tile[::8] *= 0.85
    tile[:, ::8] *= 0.85
    return np.asarray(tile)


def _lay_slabs(tile: Texels, layout: StreetLayout, rng: np.random.Generator) -> None:
    """Slabs on the pavements of a ground's tile."""
    across = np.abs((np.arange(FINE) + 0.5) / FINE * 2 * REACH - REACH) - layout.road
    pavement = (across > 0.22) & (across < 0.22 + layout.pavement)
    tile[:, pavement] = _slabs(rng)[:, pavement]


def _grass(rng: np.random.Generator) -> Texels:
    noise = _grain(rng, (FINE, FINE), 160) * 0.05 + _grain(rng, (FINE, FINE), 20) * 0.04
    return np.asarray(np.asarray([0.27, 0.36, 0.17]) * (1 + 2.5 * noise[..., None]))


def _earth(rng: np.random.Generator) -> Texels:
    noise = _grain(rng, (FINE, FINE), 120) * 0.05 + _grain(rng, (FINE, FINE), 12) * 0.05
    return np.asarray(np.asarray([0.46, 0.41, 0.34]) * (1 + 1.5 * noise[..., None]))


VERGES: Mapping[str, Callable[[np.random.Generator], Texels]] = MappingProxyType(
    {"slabs": _slabs, "grass": _grass, "earth": _earth}
)
"""What lies beside the road: name -> painter of a ground tile."""


def _houses(rng: np.random.Generator) -> Texels:
    tile = np.empty((FINE, 128, 3))
    start = 0
    while start < FINE:
        wide = min(int(rng.integers(90, 200)), FINE - start)
        tint = np.asarray([0.6, 0.55, 0.48]) * rng.uniform(0.6, 1.3) + rng.normal(0, 0.05, 3)
        house = tile[start : start + wide]
        house[:] = tint
        step, storey = int(rng.integers(18, 34)), int(rng.integers(26, 36))
        i, j = np.arange(wide)[:, None], np.arange(128)[None]
        hole = (i % step > step * 0.3) & (i % step < step * 0.8) & (j % storey > 9) & (j % storey < 24)
        house[hole] = np.asarray([0.16, 0.19, 0.23]) * rng.uniform(0.7, 1.5)
        house[:, :5] *= 0.7
        start += wide
    return tile + 0.015 * rng.normal(size=tile.shape)


def _shops(rng: np.random.Generator) -> Texels:
    tile = _houses(rng)
    for start in range(0, FINE, 64):
        tint = rng.uniform(0.15, 0.85, 3)
        tile[start : start + 60, 30:41] = tint
        tile[start + 3 : start + 57, 5:30] = np.asarray([0.22, 0.24, 0.26]) * rng.uniform(0.6, 1.8)
        tile[start + 26 : start + 29, 5:30] = 0.5
    return tile


def _fence(rng: np.random.Generator) -> Texels:
    tile = np.empty((FINE, 128, 3))
    tile[:] = np.asarray([0.3, 0.36, 0.27]) * (1 + 0.25 * _grain(rng, (FINE, 128), 60)[..., None])
    tile[:, :12] = 0.58
    tile[::26, :12] = 0.4
    tile[:, 5:7] = 0.42
    return tile


def _hedge(rng: np.random.Generator) -> Texels:
    leaves = _grain(rng, (FINE, 128), 160) * 0.2 + _grain(rng, (FINE, 128), 30) * 0.2
    tile = np.asarray([0.2, 0.29, 0.14]) * (1 + leaves[..., None])
    tile[:, 24:] = _houses(rng)[:, 24:]
    return tile


def _trees(rng: np.random.Generator) -> Texels:
    crown = _grain(rng, (FINE, 128), 110) * 0.3 + _grain(rng, (FINE, 128), 18) * 0.25
    tile = np.asarray([0.22, 0.31, 0.15]) * (1 + crown[..., None])
    trunk = (np.arange(FINE) % 84) < 6
    tile[:, :22] = np.asarray([0.4, 0.42, 0.33])
    tile[trunk, :40] = (0.25, 0.2, 0.16)
    return tile


def _wall(rng: np.random.Generator) -> Texels:
    tile = np.empty((FINE, 128, 3))
    tile[:] = np.asarray([0.55, 0.53, 0.5]) * (1 + 0.06 * _grain(rng, (FINE, 128), 40)[..., None])
    tile[::52, :30] *= 0.75
    tile[:, 28:30] *= 0.7
    tile[:, 30:] = _trees(rng)[:, 30:]
    return tile


FRONTS: Mapping[str, Callable[[np.random.Generator], Texels]] = MappingProxyType(
    {"houses": _houses, "shops": _shops, "fence": _fence, "hedge": _hedge, "trees": _trees, "wall": _wall}
)
"""What stands behind the verge: name -> painter of a front tile, its second axis upwards."""
