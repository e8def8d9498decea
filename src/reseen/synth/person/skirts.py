"""Garments that hang from the hips round both legs: skirts, dresses and the lower half of coats.

R = rings, S = points round a ring. A skirt hangs straight down and is stretched by the legs that stride inside it.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reseen.synth.person import paint
from reseen.synth.person.clothes import section
from reseen.synth.person.palette import Colour
from reseen.synth.person.physique import Build, lengths, limb_radius, trunk_profile
from reseen.synth.person.skeleton import Skeleton
from reseen.synth.person.surface import Floats, Grid, along_axis, angles, creases, float32, grid_normals

Numbers = NDArray[np.float64]

_SIDES = 36


class Skirt(NamedTuple):
    """An unposed skirt.

    ``legs`` (R, A) weights onto the leg axes, ``drop`` (R, 1) metres below the hips, the rest (R, S).
    """

    legs: Floats
    drop: Floats
    forward: Floats
    side: Floats
    colours: Floats
    folds: Floats


class Cut(NamedTuple):
    """A skirt as it is sewn: ``length`` metres below the hips, ``ease`` at the hip, ``flare`` wider at the hem.

    ``gap`` is the colour that an open front shows, or None when it is closed.
    """

    colours: tuple[Colour, Colour]
    length: float
    ease: float
    flare: float
    pattern: str
    scale: float
    gap: Colour | None = None


def skirt(build: Build, cut: Cut) -> Skirt:
    """The skirt of that cut on a body."""
    bone = lengths(build)
    drop = np.linspace(cut.length, -0.045 * build.height, max(10, int(cut.length * 26)))
    turns = angles(_SIDES)
    profile = _profile(build, cut, drop)
    forward, side = section(profile, turns, power=0.9)
    radius = np.maximum(np.hypot(forward, side), 0.02)
    pleats = 0.004 + (0.006 + 0.25 * cut.flare) * np.clip(drop / cut.length, 0, 1)[:, None] ** 1.3
    knee = np.clip(drop, 0, 1.1 * bone.thigh)
    return Skirt(
        legs=along_axis(knee, bone.thigh + bone.shank),
        drop=float32(drop[:, None]),
        forward=float32(forward),
        side=float32(side),
        colours=_painted(cut, drop, turns=turns, profile=profile),
        folds=float32(pleats / radius),
    )


def _profile(build: Build, cut: Cut, drop: Numbers) -> Numbers:
    """(R, 3) half width, front and back depth: the hips above, round both thighs below."""
    at_hip = trunk_profile(build, np.maximum(0.523 - drop / build.height, 0.505))
    legs = limb_radius(build, np.maximum(drop, 0), leg=True)[:, None] * np.array([1.0, 1.05, 1.05])
    legs[:, :1] += lengths(build).hip
    below = np.clip(drop / 0.08, 0, 1)[:, None]
    straight = at_hip * np.interp(drop / cut.length, [0, 1], [1, 0.75])[:, None]
    profile = (1 - below) * at_hip + below * np.maximum(legs, straight)
    # the waistband is tucked under what is worn above
    ease = np.interp(drop / build.height, [-0.045, 0.0], [0.85 * cut.ease - 0.006, cut.ease + 0.012])
    return np.asarray(profile + (ease + cut.flare * np.clip(drop / cut.length, 0, 1))[:, None])


def _painted(cut: Cut, drop: Numbers, *, turns: Floats, profile: Numbers) -> Floats:
    place = paint.cloth(-drop, turns, profile[:, :2].mean(1))
    colours = paint.weave(place, cut.colours, pattern=cut.pattern, scale=cut.scale)
    if cut.gap is not None:
        width = np.interp(drop / cut.length, [0, 1], [0.40, 0.62])[:, None]
        colours = np.where((np.abs(place.turn) < width)[..., None], 0.75 * float32(cut.gap), colours)
    shade = np.interp(drop / cut.length, [0, 0.9, 1.0], [1.0, 0.9, 0.8])[:, None, None]
    return float32(colours * shade)


def hang(shape: Skirt, body: Skeleton, rng: np.random.Generator) -> Grid:
    """The skirt on a posed body."""
    left, right = (shape.legs @ leg.points for leg in body.legs)
    centre, apart = (left + right) / 2, np.abs(left - right) / 2
    rest = np.abs(body.legs[0].points[0] - body.legs[1].points[0])[1] / 2
    crease = _pleats(len(shape.drop), shape.forward.shape[1], rng)
    swell = 1 + shape.folds * crease
    turn = body.pelvis.turn
    forward = shape.forward * swell * (1 + apart[:, :1] / np.maximum(np.abs(shape.forward).max(1, keepdims=True), 0.05))
    side = shape.side * swell + np.sign(shape.side) * np.maximum(apart[:, 1:2] - rest, 0)
    points = np.empty((*forward.shape, 3), np.float32)
    points[..., :2] = centre[:, None, :2] + forward[..., None] * turn[:2, 0] + side[..., None] * turn[:2, 1]
    points[..., 2] = body.legs[0].points[0, 2] - shape.drop
    colours = np.clip(shape.colours * (1 + 0.12 * crease)[..., None], 0, 1)
    return Grid(points, grid_normals(points), colours)


def _pleats(rings: int, sides: int, rng: np.random.Generator) -> Floats:
    """(R, S) long vertical folds: the same crease from waist to hem, drifting a little."""
    rough = creases(12, sides, rng)
    wave = np.sin(angles(sides) * rng.integers(5, 9) + rng.uniform(0, 6))[None]
    blend = np.linspace(0, 1, rings)[:, None]
    return float32(0.6 * wave + 0.4 * ((1 - blend) * rough[:1] + blend * rough[2:3]))
