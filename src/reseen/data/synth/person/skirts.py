"""What hangs from the hips round both legs: skirts, dresses and the lower half of coats.

R = rings, S = points round a ring. A skirt hangs straight down and is stretched by the legs that stride inside it.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from reseen.data.synth.person import paint
from reseen.data.synth.person.clothes import section
from reseen.data.synth.person.physique import Build, lengths, limb_radius, trunk_profile
from reseen.data.synth.person.skeleton import Skeleton
from reseen.data.synth.person.surface import Floats, Grid, along_axis, angles, creases, float32, grid_normals

_SIDES = 36


class Skirt(NamedTuple):
    """An unposed skirt: ``legs`` (R, A) weights onto the leg axes, ``drop`` (R, 1) metres below the hips, the rest (R, S)."""

    legs: Floats
    drop: Floats
    forward: Floats
    side: Floats
    colours: Floats
    folds: Floats


def skirt(build: Build, colours: tuple[ArrayLike, ArrayLike], *, length: float, ease: float, flare: float, pattern: str, scale: float) -> Skirt:
    """A skirt over ``length`` metres below the hip joints, ``ease`` wide at the hip and ``flare`` wider at the hem."""
    bone = lengths(build)
    drop = np.linspace(-0.045 * build.height, length, max(10, int(length * 26)))
    turns = angles(_SIDES)
    at_hip = trunk_profile(build, np.maximum(0.523 - drop / build.height, 0.505))
    thigh = limb_radius(build, np.maximum(drop, 0), leg=True)[:, None]
    below = np.clip(drop / 0.08, 0, 1)[:, None]
    legs = thigh * np.array([1.0, 1.05, 1.05])
    legs[:, :1] += bone.hip
    profile = (1 - below) * at_hip + below * np.maximum(legs, at_hip * np.linspace(1, 0.75, len(drop))[:, None])
    profile += ease + flare * np.clip(drop / length, 0, 1)[:, None]
    forward, side = section(profile, turns, power=0.9)
    place = paint.cloth(-drop, turns, profile[:, :2].mean(1))
    painted = paint.weave(place, colours, pattern=pattern, scale=scale)
    shade = np.interp(drop / length, [0, 0.9, 1.0], [1.0, 0.9, 0.8])[:, None, None]
    pleats = (0.006 + 0.25 * flare) * np.clip(drop / length, 0, 1)[:, None] ** 1.3
    radius = np.maximum(np.hypot(forward, side), 0.02)
    knee = np.clip(drop, 0, 1.1 * bone.thigh)
    return Skirt(
        along_axis(knee, bone.thigh + bone.shank), float32(drop[:, None]), float32(forward), float32(side),
        float32(painted * shade), float32((0.004 + pleats) / radius),
    )  # fmt: skip


def hang(shape: Skirt, body: Skeleton, rng: np.random.Generator) -> Grid:
    """The skirt on a posed body."""
    left, right = (shape.legs @ leg.points for leg in body.legs)
    centre, apart = (left + right) / 2, np.abs(left - right) / 2
    rest = np.abs(body.legs[0].points[0] - body.legs[1].points[0])[1] / 2
    crease = _pleats(*shape.forward.shape, rng)
    swell = 1 + shape.folds * crease
    turn = body.pelvis.turn
    forward = shape.forward * swell * (1 + apart[:, :1] / np.maximum(np.abs(shape.forward).max(1, keepdims=True), 0.05))
    side = shape.side * swell + np.sign(shape.side) * np.maximum(apart[:, 1:2] - rest, 0)
    points = np.empty((*forward.shape, 3), np.float32)
    points[..., :2] = centre[:, None, :2] + forward[..., None] * turn[:2, 0] + side[..., None] * turn[:2, 1]
    points[..., 2] = body.legs[0].points[0, 2] - shape.drop
    colours = np.clip(shape.colours * (1 + 0.12 * crease)[..., None], 0, 1)
    return Grid(points, grid_normals(points[::-1])[::-1], colours)


def _pleats(rings: int, sides: int, rng: np.random.Generator) -> Floats:
    """(R, S) long vertical folds: the same crease from waist to hem, drifting a little."""
    rough = creases(12, sides, rng)
    wave = np.sin(angles(sides) * rng.integers(5, 9) + rng.uniform(0, 6))[None]
    blend = np.linspace(0, 1, rings)[:, None]
    return float32(0.6 * wave + 0.4 * ((1 - blend) * rough[:1] + blend * rough[2:3]))
