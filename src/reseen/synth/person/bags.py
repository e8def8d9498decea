"""Bags as rigid grids, and the straps that lie on the clothes.

Each grid is placed in a frame of the skeleton: the chest for what hangs on the back, the hips for what hangs at the
side, the hand for what is carried.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reseen.synth.person import paint
from reseen.synth.person.marks import Bag
from reseen.synth.person.overlay import Chart, Overlay, overlay
from reseen.synth.person.physique import Build, trunk_profile
from reseen.synth.person.surface import Grid, blob, float32
from reseen.synth.render.decal import patch
from reseen.synth.render.mesh import Mesh

Place = NDArray[np.float64]


def moved(grid: Grid, offset: ArrayLike) -> Grid:
    """The grid shifted by ``offset`` (3,) metres."""
    return grid._replace(points=grid.points + float32(offset))


def bag_frame(bag: Bag) -> str:
    """The frame of the skeleton in which the bag hangs."""
    hand = "left hand" if bag.side > 0 else "right hand"
    return {"backpack": "chest", "shoulder": "pelvis", "crossbody": "pelvis"}.get(bag.kind, hand)


def bag_body(bag: Bag, build: Build, *, ease: float) -> list[Mesh]:
    """The bag in its frame; ``ease`` is how far the clothes stand off the body."""
    if bag.kind == "backpack":
        return _backpack(bag, build, ease)
    return _hip_bag(bag, build, ease) if bag_frame(bag) == "pelvis" else _carried(bag, build, ease)


def _pillow(half: Place, colour: ArrayLike, centre: Place, *, boxy: float = 0.55) -> Grid:
    """A box with round edges, ``half`` (3,) metres each way."""
    return moved(blob((half[0], half[1], half[2]), colour, boxy=boxy, rings=10, sides=16), centre)


def _backpack(bag: Bag, build: Build, ease: float) -> list[Mesh]:
    half = np.array([0.064, 0.135, 0.195]) * bag.size
    behind = -(trunk_profile(build, [0.73])[0, 2] + ease + half[0] * 0.9)
    centre = np.array([behind, 0.0, -0.065 * build.height])
    body = _pillow(half, bag.colour, centre, boxy=0.5)
    pocket = _pillow(half * [0.45, 0.8, 0.42], np.multiply(bag.colour, 0.85), centre + half * [-0.92, 0, -0.42])
    seam = _pillow(half * [0.98, 1.01, 0.04], np.multiply(bag.colour, 0.6), centre + half * [0, 0, 0.45], boxy=0.5)
    parts = [grid.mesh() for grid in (body, pocket, seam)]
    if bag.sticker:
        parts.append(_sticker(bag, centre + half * [-1.03, 0, 0.35], right=(0, -1, 0), size=half[1]))
    return parts


def _hip_bag(bag: Bag, build: Build, ease: float) -> list[Mesh]:
    half = np.array([0.135, 0.045, 0.105]) * bag.size * (1.0 if bag.kind == "crossbody" else 1.2)
    outside = trunk_profile(build, [0.525])[0, 0] + ease + half[1] + 0.012
    centre = np.array([-0.05, bag.side * outside, -0.012 * build.height])
    body = _pillow(half, bag.colour, centre)
    flap = _pillow(half * [1.02, 1.12, 0.5], np.multiply(bag.colour, 0.8), centre + half * [0, 0, 0.55], boxy=0.6)
    parts = [body.mesh(), flap.mesh()]
    if bag.sticker:
        spot = centre + half * [0, bag.side * 1.08, -0.25]
        parts.append(_sticker(bag, spot, right=(-float(bag.side), 0, 0), size=half[2] * 0.9))
    return parts


def _carried(bag: Bag, build: Build, ease: float) -> list[Mesh]:
    half = np.array([0.145, 0.055, 0.165] if bag.kind == "shopper" else [0.14, 0.055, 0.10]) * bag.size
    drop = 0.045 * build.height + 0.11
    centre = np.array([0.0, bag.side * (0.03 + ease), -drop - half[2]])
    soft = _tapered(blob((half[0], half[1], half[2]), bag.colour, boxy=0.62, rings=10, sides=16), half[2])
    top = centre + np.array([0, 0, half[2] + 0.04])
    handles = [
        _pillow(np.array([0.011, 0.008, 0.085]), np.multiply(bag.colour, 0.7), top + np.array([x, 0, 0]))
        for x in (-0.035, 0.035)
    ]
    parts = [moved(soft, centre).mesh(), *(handle.mesh() for handle in handles)]
    if bag.sticker:
        spot = centre + half * [0, bag.side * 1.02, 0]
        parts.append(_sticker(bag, spot, right=(-float(bag.side), 0, 0), size=half[2]))
    return parts


def _tapered(grid: Grid, half: float) -> Grid:
    """A soft bag: thin at its mouth, full at the bottom."""
    thick = 1 - 0.35 * grid.points[..., 2:] / np.float32(half)
    wide = 0.75 + 0.25 * thick
    return grid._replace(points=grid.points * np.concatenate([wide, thick, np.ones_like(thick)], axis=-1))


def _sticker(bag: Bag, centre: Place, *, right: tuple[float, float, float], size: float) -> Mesh:
    image = paint.draw_print(bag.sticker, (bag.trim, bag.colour), cells=12)
    spot = [float(value) for value in centre]
    return patch(image.texture, centre=spot, right=right, up=(0, 0, 1), size=(size, size), keep=image.keep)


def straps(bag: Bag, chart: Chart) -> list[Overlay]:
    """The straps on the trunk of the upper garment."""
    colour = np.multiply(bag.colour, 0.8)
    if bag.kind == "backpack":
        paths = [([0.845, 0.832, 0.80, 0.74, 0.69, 0.655], [1.3, 1.0, 0.62, 0.66, 0.95, 1.45])]
        paths.append((paths[0][0], [-turn for turn in paths[0][1]]))
        return [_strap(chart, heights, turns, colour=colour, width=0.028) for heights, turns in paths]
    if bag.kind == "crossbody":
        front = ([0.845, 0.83, 0.76, 0.66, 0.54], np.array([-1.2, -0.85, -0.3, 0.45, 1.35]) * bag.side)
        back = ([0.845, 0.83, 0.76, 0.66, 0.54], np.array([-1.2, -2.2, -2.85, -3.7, -4.7]) * bag.side)
        return [_strap(chart, heights, turns, colour=colour, width=0.022) for heights, turns in (front, back)]
    if bag.kind == "shoulder":
        front = ([0.835, 0.80, 0.68, 0.54], np.array([1.25, 1.05, 1.1, 1.3]) * bag.side)
        back = ([0.835, 0.80, 0.68, 0.54], np.array([1.7, 2.05, 2.0, 1.85]) * bag.side)
        return [_strap(chart, heights, turns, colour=colour, width=0.018) for heights, turns in (front, back)]
    return []


def _strap(chart: Chart, heights: ArrayLike, turns: ArrayLike, *, colour: ArrayLike, width: float) -> Overlay:
    """A band along a path from the shoulder down; ``width`` metres."""
    down, turn = np.asarray(heights, float), np.asarray(turns, float)
    steps = np.linspace(0, len(down) - 1, 22)
    path = np.stack([np.interp(steps, np.arange(len(down)), values) for values in (down * 1.75, turn * 0.15)], -1)
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    # the path runs down, so the left of it (seen from outside) has the larger turn
    across = np.stack([along[:, 1], -along[:, 0]], -1) * (width / 2)
    edges = np.stack([path - across, path + across], axis=1)
    return overlay(chart, heights=edges[..., 0] / 1.75, turns=edges[..., 1] / 0.15, colours=float32(colour), lift=0.007)
