"""Buildings: storeys of windows on the front and at the ends, shops below, flat or gabled roofs; and walls of gardens.

A building's front lies in the plane y = 0 along x, its body behind it at y > 0; metres.
"""

from typing import NamedTuple

import numpy as np

from reseen.synth.render.decal import decal
from reseen.synth.render.mesh import Array, Mesh, Part, box, rotate, surface, translate
from reseen.synth.scene.thing import Thing, thing

STOREY = 3.1
TINTS = (
    (0.74, 0.69, 0.6), (0.66, 0.56, 0.44), (0.78, 0.75, 0.7), (0.56, 0.34, 0.27), (0.62, 0.6, 0.57),
    (0.72, 0.62, 0.42), (0.5, 0.47, 0.45), (0.72, 0.55, 0.48), (0.6, 0.66, 0.66),
)  # fmt: skip
"""Plaster, brick, stone and concrete, sRGB."""
ROOFS = ((0.42, 0.2, 0.15), (0.3, 0.29, 0.3), (0.36, 0.25, 0.2))


class Style(NamedTuple):
    """What the fronts of one building share: ``wall`` sRGB, the pitch of its windows, and the share that is window."""

    wall: Array
    pitch: float
    share: tuple[float, float]
    shops: bool


def draw_style(rng: np.random.Generator, *, shops: float) -> Style:
    """One building's; ``shops``: how likely its ground floor has shop windows."""
    tint = np.asarray(TINTS[int(rng.integers(len(TINTS)))]) * rng.uniform(0.8, 1.15)
    share = (float(rng.uniform(0.35, 0.7)), float(rng.uniform(0.45, 0.65)))
    wall = np.clip(tint + rng.normal(0, 0.02, 3), 0.05, 0.95).astype(np.float32)
    return Style(wall, float(rng.uniform(1.8, 3.4)), share, bool(rng.random() < shops))


def building(size: tuple[float, float, float], *, style: Style, gable: bool, rng: np.random.Generator) -> list[Thing]:
    """A building of ``size`` (width, depth, height of its walls)."""
    width, depth, height = size
    parts = front(width, height, style=style, rng=rng)
    for side in (-1, 1):
        end = front(depth, height, style=style._replace(shops=False, pitch=style.pitch * 1.6), rng=rng)
        parts += [_turned(part, side, width=width, depth=depth) for part in end]
    # Fronts meet in points, so that a pixel may look between two of their cells: something solid stands behind.
    parts.append(Part(box((width - 0.1, depth - 0.1, height), centre=(0, depth / 2, height / 2), colour=style.wall)))
    colour = ROOFS[int(rng.integers(len(ROOFS)))]
    parts += _gable(size, colour) if gable else _flat(size, style.wall)
    return [thing("building", *parts)]


def front(width: float, height: float, *, style: Style, rng: np.random.Generator) -> list[Part]:
    """A front in the plane y = 0, x from -width / 2 to width / 2, seen from y < 0: its wall and its glass."""
    across, glazed = _bays(width, style)
    levels, kinds = _storeys(height, style)
    window = (kinds[:, None] == 1) & glazed[None]
    if style.shops:
        window |= (kinds[:, None] == 2) & (np.arange(len(glazed)) % 5 != 0)[None]
    texture = np.empty((*window.shape, 3), np.float32)
    texture[:] = style.wall
    texture[kinds == 0] *= 0.72
    if style.shops:
        texture[kinds == 3] = rng.uniform(0.1, 0.8, 3)
    shade = rng.uniform(0.55, 1.5, window.shape)[..., None] * np.asarray((0.15, 0.18, 0.22))
    curtain = (rng.random(window.shape) < 0.15)[..., None]
    texture = np.where(window[..., None], np.where(curtain, 0.55, shade), texture).astype(np.float32)
    grid = np.stack(np.broadcast_arrays(across[None], 0.0, levels[:, None]), axis=-1)
    return [
        Part(decal(grid, texture, lift=0, keep=~window, run=64)),
        Part(decal(grid, texture, lift=0, keep=window), gloss=0.7),
    ]


def garden_wall(width: float, rng: np.random.Generator) -> list[Thing]:
    """A wall along the pavement, with its coping."""
    height = float(rng.uniform(1.2, 2.6))
    tint = np.asarray(TINTS[int(rng.integers(len(TINTS)))]) * rng.uniform(0.65, 1.0)
    columns = max(2, round(width / 1.2))
    texture = np.broadcast_to(tint, (4, columns, 3)) * rng.uniform(0.88, 1.08, (4, columns, 1))
    x = np.linspace(-width / 2, width / 2, columns + 1)[None]
    z = np.linspace(height, 0, 5)[:, None]
    face = decal(np.stack(np.broadcast_arrays(x, 0.0, z), -1), texture, lift=0)
    body = box((width, 0.3, height - 0.02), centre=(0, 0.17, height / 2), colour=tint * 0.9)
    coping = box((width, 0.42, 0.1), centre=(0, 0.15, height + 0.05), colour=tint * 0.75)
    return [thing("wall", face, body, coping)]


def _bays(width: float, style: Style) -> tuple[Array, np.ndarray]:
    """Edges of the columns, and which of them are window."""
    count = max(1, round(width / style.pitch))
    pitch = width / count
    inner = np.asarray([(1 - style.share[0]) / 2, (1 + style.share[0]) / 2])
    edges = (np.arange(count)[:, None] + inner[None]).ravel() * pitch
    across = np.concatenate([[0.0], edges, [width]]) - width / 2
    return across.astype(np.float32), np.arange(len(across) - 1) % 2 == 1


def _storeys(height: float, style: Style) -> tuple[Array, np.ndarray]:
    """Edges of the rows from the eaves down, and their kinds: 0 base, 1 window, 2 shop window, 3 shop sign, 4 wall."""
    ground = 3.9 if style.shops else STOREY
    count = max(0, round((height - ground) / STOREY))
    step = (height - ground) / count if count else 0.0
    tall = style.share[1]
    levels, kinds = [0.0, 0.5], [0]
    if style.shops:
        levels, kinds = [*levels, 3.0, ground], [*kinds, 2, 3]
    else:
        levels, kinds = [*levels, 0.9, 0.9 + tall * STOREY, ground], [*kinds, 4, 1, 4]
    for storey in range(count):
        base = ground + storey * step
        levels += [base + step * (1 - tall) / 2, base + step * (1 + tall) / 2, base + step]
        kinds += [4, 1, 4]
    return np.asarray(levels[::-1], np.float32), np.asarray(kinds[::-1])


def _turned(part: Part, side: int, *, width: float, depth: float) -> Part:
    mesh = rotate(part.mesh, "z", 90.0 * side)
    return part._replace(mesh=translate(mesh, (side * width / 2, depth / 2, 0)))


def _flat(size: tuple[float, float, float], wall: Array) -> list[Part]:
    width, depth, height = size
    cornice = box((width + 0.3, depth + 0.3, 0.45), centre=(0, depth / 2, height + 0.2), colour=wall * 0.8)
    return [Part(cornice)]


def _gable(size: tuple[float, float, float], colour: tuple[float, float, float]) -> list[Part]:
    """Two slopes with the ridge along x, and the triangles at the ends."""
    width, depth, height = size
    rise, over = 0.38 * depth, 0.4
    x = width / 2 + over
    eaves, ridge = height - 0.1, height + rise
    slopes: list[Mesh] = []
    for y, way in ((-over, 1), (depth + over, -1)):
        grid = [
            [[-x * way, depth / 2, ridge], [x * way, depth / 2, ridge]],
            [[-x * way, y, eaves], [x * way, y, eaves]],
        ]
        slopes.append(surface(grid, colour=colour))
    for way in (-1, 1):
        end = way * width / 2
        near, far = (0, depth) if way > 0 else (depth, 0)
        rows = [[[end, depth / 2, ridge], [end, depth / 2, ridge]], [[end, near, height], [end, far, height]]]
        slopes.append(surface(rows, colour=np.asarray(colour) * 0 + 0.6))
    return [Part(slope) for slope in slopes]
