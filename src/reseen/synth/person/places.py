"""Places of persons: pavements, shopping streets, halls, campuses, platforms and squares, as `StreetTiles`.

N = texels along each side of the ground tile, M = texels up the front tile. Everything within some six metres of the
middle can be walked on. The tiles are finer than those of roads: a person fills an image with less of the ground.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from reseen.synth.render.shading import Light, to_bytes
from reseen.synth.render.street import REACH, TALL, TILE, StreetTiles

Texels = NDArray[np.float64]

_FINE, _HIGH = 1024, 320
_PER_METRE = _FINE / TILE


class Place(NamedTuple):
    """One kind of place: painters of its ground (N, N, 3) and front (N, M, 3), and where the fronts stand, metres."""

    ground: Callable[[np.random.Generator], Texels]
    front: Callable[[np.random.Generator], Texels]
    walls: tuple[float, float]


def lay_out(name: str, *, light: Light, seed: int) -> StreetTiles:
    """The tiles of one place, painted from ``seed`` and lit."""
    rng = np.random.default_rng(seed)
    place = PLACES[name]
    sky = np.asarray(light.sky)
    flat = np.asarray(light.sun) * max(float(light.direction[2]), 0.0) + sky
    upright = 0.45 * np.asarray(light.sun) + 0.55 * sky + 0.4 * np.asarray(light.ground)
    ground = np.clip(place.ground(rng), 0.02, 1) ** 2.2 * flat
    front = np.clip(place.front(rng), 0.02, 1) ** 2.2 * upright
    above = np.minimum(1.5 * sky, 1.2)
    tiles = [to_bytes(part.astype(np.float32)) for part in (ground, front, above)]
    return StreetTiles(tiles[0], tiles[1], tiles[2], place.walls)


def _mottle(rng: np.random.Generator, shape: tuple[int, int], spot: float) -> Texels:
    """(N, M, 1) smooth noise of deviation one, its spots ``spot`` metres wide."""
    cells = [max(3, round(side / _PER_METRE / spot)) for side in shape]
    coarse = Image.fromarray(rng.normal(size=(cells[0], cells[1])).astype(np.float32))
    return np.asarray(coarse.resize((shape[1], shape[0]), Image.Resampling.BICUBIC), float)[..., None]


def _plain(rng: np.random.Generator, colour: ArrayLike, *, high: int = _FINE, rough: float = 0.03) -> Texels:
    """(N, high, 3) a worn surface of one colour."""
    shape = (_FINE, high)
    stain = _mottle(rng, shape, 0.12) + 1.2 * _mottle(rng, shape, 0.9) + _mottle(rng, shape, 5.0)
    return np.asarray(np.asarray(colour, float) * rng.uniform(0.88, 1.1) * (1 + rough * stain))


def _joints(tile: Texels, rng: np.random.Generator, *, size: tuple[float, float], dark: float, tint: float) -> None:
    """Slabs of ``size`` metres: each of its own tone, with joints between."""
    along, across = (max(2, round(side * _PER_METRE)) for side in size)
    rows, columns = -(-tile.shape[0] // along), -(-tile.shape[1] // across)
    tones = 1 + tint * rng.normal(size=(rows, columns)).repeat(along, 0).repeat(across, 1)
    tile *= tones[: tile.shape[0], : tile.shape[1], None]
    tile[::along] *= dark
    tile[:, ::across] *= dark


def _offset() -> Texels:
    """(N,) metres across from the middle of the ground tile."""
    return (np.arange(_FINE) + 0.5) / _FINE * 2 * REACH - REACH


def _pavement(rng: np.random.Generator) -> Texels:
    tile = _plain(rng, (0.56, 0.54, 0.51))
    _joints(tile, rng, size=(0.6, 0.4), dark=0.82, tint=0.04)
    y = _offset()
    road = _plain(rng, (0.31, 0.31, 0.32), rough=0.04)
    tile[:, y < -6.6] = road[:, y < -6.6]
    tile[:, (y < -6.3) & (y > -6.6)] = 0.66
    tile[:, (y < -7.0) & (y > -7.15)] = (0.72, 0.62, 0.22)
    return tile


def _mall(rng: np.random.Generator) -> Texels:
    tile = _plain(rng, (0.62, 0.57, 0.52), rough=0.02)
    _joints(tile, rng, size=(0.8, 0.8), dark=0.88, tint=0.05)
    band = np.abs(np.mod(_offset(), 6.4) - 3.2) < 0.4
    tile[:, band] *= (0.72, 0.66, 0.62)
    return tile


def _hall(rng: np.random.Generator) -> Texels:
    tile = _plain(rng, (0.68, 0.67, 0.64), rough=0.015)
    _joints(tile, rng, size=(1.2, 1.2), dark=0.9, tint=0.02)
    # lamps mirrored in a polished floor
    gleam = np.clip(_mottle(rng, (_FINE, _FINE), 2.2), 0, 2)
    return np.asarray(tile * (1 + 0.10 * gleam))


def _lawn(rng: np.random.Generator) -> Texels:
    grass = _plain(rng, (0.31, 0.39, 0.19), rough=0.07)
    path = _plain(rng, (0.60, 0.55, 0.47), rough=0.03)
    y = _offset()
    walked = np.abs(y) < 3.0
    grass[:, walked] = path[:, walked]
    edge = np.abs(np.abs(y) - 3.0) < 0.12
    grass[:, edge] *= 0.75
    return grass


def _platform(rng: np.random.Generator) -> Texels:
    tile = _plain(rng, (0.47, 0.47, 0.48), rough=0.035)
    _joints(tile, rng, size=(2.0, 1.0), dark=0.8, tint=0.03)
    y = _offset()
    tile[:, np.abs(np.abs(y) - 6.4) < 0.22] = (0.80, 0.68, 0.20)
    tile[:, np.abs(np.abs(y) - 6.9) < 0.15] = 0.8
    tile[:, np.abs(y) > 7.1] *= 0.3
    return tile


def _cobbles(rng: np.random.Generator) -> Texels:
    tile = _plain(rng, (0.45, 0.42, 0.39), rough=0.05)
    _joints(tile, rng, size=(0.16, 0.13), dark=0.78, tint=0.09)
    return tile


def _up(metres: float) -> int:
    return round(metres / TALL * _HIGH)


def _shop_row(rng: np.random.Generator) -> Texels:
    tile = _plain(rng, (0.60, 0.55, 0.49), high=_HIGH)
    start = 0
    while start < _FINE - 60:
        wide = min(int(rng.uniform(3.5, 7.0) * _PER_METRE), _FINE - start)
        front = tile[start : start + wide]
        front *= rng.uniform(0.75, 1.15) * (1 + 0.08 * rng.normal(size=3))
        front[6:-6, _up(0.4) : _up(2.6)] = _window(rng, (wide - 12, _up(2.6) - _up(0.4)))
        front[4:-4, _up(2.75) : _up(3.4)] = rng.uniform(0.1, 0.85, 3)
        for x in range(10, wide - 24, 14):
            front[x : x + 7, _up(2.88) : _up(3.25)] = rng.uniform(0.6, 0.95)
        door = int(rng.integers(8, max(9, wide - 40)))
        front[door : door + 30, : _up(2.3)] = np.array([0.16, 0.17, 0.18]) * rng.uniform(0.7, 1.8)
        _storeys(front, rng, above=3.8)
        start += wide
    return tile


def _window(rng: np.random.Generator, shape: tuple[int, int]) -> Texels:
    """A shop window: dark glass, and lit goods behind it."""
    glass = np.ones((*shape, 3)) * np.array([0.17, 0.19, 0.21]) * rng.uniform(0.8, 2.2)
    for _ in range(int(rng.integers(3, 9))):
        i, j = int(rng.integers(0, max(1, shape[0] - 12))), int(rng.integers(0, max(1, shape[1] - 12)))
        glass[i : i + int(rng.integers(6, 26)), j : j + int(rng.integers(6, 34))] = rng.uniform(0.2, 0.8, 3)
    return np.asarray(glass)


def _storeys(front: Texels, rng: np.random.Generator, *, above: float) -> None:
    """Rows of windows over the ground floor."""
    i, j = np.arange(front.shape[0])[:, None], np.arange(_HIGH)[None]
    step, storey = int(rng.integers(50, 80)), _up(3.0)
    level = (j - _up(above)) % storey
    pane = (i % step > 0.3 * step) & (i % step < 0.75 * step) & (level > 0.25 * storey) & (level < 0.75 * storey)
    front[pane & (j > _up(above))] = np.array([0.20, 0.23, 0.27]) * rng.uniform(0.7, 1.5)


def _brick(rng: np.random.Generator) -> Texels:
    tile = _plain(rng, (0.48, 0.31, 0.25), high=_HIGH)
    tile[:, :: max(2, _up(0.16))] *= 0.85
    _storeys(tile, rng, above=0.6)
    hedge = _plain(rng, (0.20, 0.29, 0.14), high=_HIGH, rough=0.12)
    low = _up(1.1)
    tile[:, :low] = hedge[:, :low]
    for start in range(40, _FINE, 210):
        tile[start : start + 14, : _up(4.0)] = (0.26, 0.21, 0.17)
        tile[max(start - 60, 0) : start + 74, _up(3.0) : _up(8.5)] = hedge[
            : min(start + 74, _FINE) - max(start - 60, 0), _up(3.0) : _up(8.5)
        ]
    return tile


def _indoor(rng: np.random.Generator) -> Texels:
    tile = _plain(rng, (0.72, 0.70, 0.66), high=_HIGH, rough=0.012)
    tile[:, : _up(0.15)] *= 0.6
    tile[:, _up(3.2) :] *= 0.8
    for start in range(0, _FINE, 170):
        tile[start : start + 22] *= rng.uniform(0.72, 0.85)
        kind = int(rng.integers(3))
        inside = slice(start + 45, start + 45 + int(rng.integers(40, 90)))
        if kind == 0:
            tile[inside, : _up(2.2)] = np.array([0.38, 0.42, 0.45]) * rng.uniform(0.6, 1.4)
        elif kind == 1:
            tile[inside, _up(0.9) : _up(2.3)] = rng.uniform(0.2, 0.9, 3)
        else:
            tile[inside, _up(0.3) : _up(2.5)] = _window(rng, (inside.stop - inside.start, _up(2.5) - _up(0.3)))[
                : len(tile[inside])
            ]
    return tile


def _train(rng: np.random.Generator) -> Texels:
    tile = _plain(rng, (0.66, 0.67, 0.68), high=_HIGH, rough=0.012)
    paint = rng.uniform(0.15, 0.75, 3)
    tile[:, _up(0.7) : _up(1.15)] = paint
    tile[:, _up(1.4) : _up(2.4)] = (0.15, 0.17, 0.19)
    for start in range(0, _FINE, 128):
        tile[start : start + 40, _up(0.2) : _up(2.5)] = paint * 0.85
        tile[start + 8 : start + 32, _up(1.2) : _up(2.35)] = (0.17, 0.19, 0.22)
    tile[:, : _up(0.2)] = 0.12
    tile[:, _up(3.2) :] = np.array([0.33, 0.34, 0.36])
    return tile


PLACES: Mapping[str, Place] = MappingProxyType(
    {
        "pavement": Place(_pavement, _shop_row, (6.9, 13.0)),
        "mall": Place(_mall, _shop_row, (7.0, 7.2)),
        "hall": Place(_hall, _indoor, (7.5, 9.0)),
        "campus": Place(_lawn, _brick, (9.0, 12.0)),
        "platform": Place(_platform, _train, (8.0, 8.0)),
        "square": Place(_cobbles, _shop_row, (14.0, 15.0)),
    }
)
"""The kinds of place: name -> Place."""
