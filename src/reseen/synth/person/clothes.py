"""Garments as tubes over a build: what covers the trunk, the arms, the hips, the legs and the feet.

R = rings, S = points round a ring. Heights on the trunk are fractions of the body; positions on a limb are metres.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reseen.synth.person import paint
from reseen.synth.person.overlay import Chart
from reseen.synth.person.physique import Build, calf, lengths, limb_radius, trunk_profile
from reseen.synth.person.surface import Floats, Tube, along_axis, angles, float32, tube
from reseen.synth.person.wardrobe import Lower, Upper

Numbers = NDArray[np.float64]

TRUNK_START, TRUNK_END = 0.44, 0.88
_SQUARE = 0.84
"""How square the trunk of a garment is in section: the power in ``section``."""
_TRUNK_SIDES, _LEG_SIDES, _ARM_SIDES = 36, 16, 12


def section(profile: Numbers, turns: Floats, *, power: float = 0.88) -> tuple[Numbers, Numbers]:
    """(R, 3) half width, front, back -> (R, S) forward and side offsets of a superellipse; lower power, boxier."""
    cos, sin = np.cos(turns)[None].astype(float), np.sin(turns)[None].astype(float)
    depth = np.where(cos > 0, profile[:, 1:2], profile[:, 2:3])
    return depth * np.sign(cos) * np.abs(cos) ** power, profile[:, :1] * np.sign(sin) * np.abs(sin) ** power


def turn_at(side: Numbers, *, power: float = _SQUARE) -> Numbers:
    """The turn from the front at which a section lies ``side`` (-1..1) of its half width to the left."""
    return np.asarray(np.sign(side) * np.arcsin(np.minimum(np.abs(side), 1) ** (1 / power)))


def bust(build: Build, heights: Numbers, turns: Floats) -> Numbers:
    """(R, S) metres by which chest and seat stand out of the plain section, forward."""
    turn = np.where(turns > np.pi, turns - 2 * np.pi, turns)[None]
    chest = np.exp(-(((heights - 0.728) / 0.026) ** 2))[:, None] * np.exp(-(((np.abs(turn) - 0.55) / 0.38) ** 2))
    seat = np.exp(-(((heights - 0.515) / 0.028) ** 2))[:, None] * np.exp(-(((np.abs(turn) - 2.65) / 0.33) ** 2))
    return build.height * ((0.003 + 0.017 * build.shape) * build.girth * chest - (0.009 + 0.007 * build.shape) * seat)


def _trunk_heights(hem: float) -> Numbers:
    body = np.linspace(hem, 0.79, max(8, round((0.79 - hem) / 0.0085)))
    return np.concatenate([body[:-1], np.linspace(0.79, 0.852, 12)])


def upper_trunk(upper: Upper, build: Build) -> tuple[Tube, Chart]:
    """The trunk of a garment, from hem to collar, and how places on it are named."""
    heights, turns = _trunk_heights(upper.hem), angles(_TRUNK_SIDES)
    profile = trunk_profile(build, heights)
    loose = np.interp(heights, [0.50, 0.62, 0.76, 0.82, 0.85], [1.0, 1.25, 0.9, 0.55, 0.45]) * upper.ease
    profile = profile + loose[:, None] * np.array([0.9, 0.8, 1.0])
    hang = np.interp(heights, [0.50, 0.62], [1.0, 0.0]) * 0.012 * (upper.kind in {"tshirt", "shirt", "jacket"})
    profile += hang[:, None]
    forward, side = section(profile, turns, power=_SQUARE)
    forward += bust(build, heights, turns) * np.clip(1 - 12 * upper.ease, 0.3, 1)
    forward, side = _puff(upper, heights, (forward, side))
    colours = _upper_colours(upper, heights, turns=turns, profile=profile, tall=build.height)
    depth = np.interp(heights, [0.50, 0.60, 0.70, 0.80, 0.85], [0.9, 1.2, 0.6, 0.4, 0.1]) * (0.004 + 0.16 * upper.ease)
    if upper.kind == "puffer":
        depth = depth * 0.4
    along = along_axis(heights - TRUNK_START, TRUNK_END - TRUNK_START)
    chart = Chart(float32(np.append(heights[0] - 0.001, heights)), turns)
    return tube(along, (forward, side), colours, folds=depth, shade=0.14, hem="first"), chart


def _puff(upper: Upper, heights: Numbers, offsets: tuple[Numbers, Numbers]) -> tuple[Numbers, Numbers]:
    """Quilted bulges of a puffer; the edges of an open front stand off the shirt below it."""
    forward, side = offsets
    if upper.kind == "puffer":
        swell = 1 + 0.09 * np.abs(np.sin(heights * np.pi / 0.035))[:, None] * (heights < 0.83)[:, None]
        forward, side = forward * swell, side * swell
    if upper.front == "open":
        gap = _opening(upper, heights, angles(forward.shape[1]))
        forward = forward - 0.8 * upper.ease * gap
    return forward, side


def _opening(upper: Upper, heights: Numbers, turns: Floats) -> NDArray[np.bool_]:
    """(R, S) where an open front shows what is worn below."""
    turn = np.abs(np.where(turns > np.pi, turns - 2 * np.pi, turns))[None]
    if upper.front == "open":
        width = np.interp(heights, [0.48, 0.62, 0.80, 0.845], [0.55, 0.36, 0.30, 0.9])
    else:
        neck = {"none": 0.828, "shirt": 0.832}.get(upper.collar, 0.846)
        width = np.interp(heights, [neck, 0.85], [0.0, 1.3], left=-1)
    return turn < width[:, None]


def _upper_colours(upper: Upper, heights: Numbers, *, turns: Floats, profile: Numbers, tall: float) -> Floats:
    place = paint.cloth(heights * tall, turns, profile[:, :2].mean(1))
    colours = paint.weave(place, (upper.colour, upper.second), pattern=upper.pattern, scale=upper.scale)
    turn = np.abs(place.turn)
    colours = np.where(
        (_opening(upper, heights, turns) & (upper.front == "open"))[..., None], float32(upper.inner), colours
    )
    if upper.front in {"zip", "buttons"}:
        colours = colours * np.where(turn < 0.09, 0.72, 1.0)[..., None]
    if upper.kind in {"jumper", "hoodie", "puffer", "jacket"} and upper.skirt == 0:
        colours = colours * np.where(heights < upper.hem + 0.018, 0.82, 1.0)[:, None, None]
    shadow = (
        1
        - 0.28
        * np.exp(-(((np.abs(turn - np.pi / 2)) / 0.45) ** 2))
        * np.interp(heights, [0.56, 0.66, 0.77, 0.81], [0.2, 0.8, 1.0, 0.0])[:, None]
    )
    return float32(colours * shadow[..., None])


def collar(upper: Upper, build: Build) -> Tube | None:
    """What stands round the neck: a shirt collar, a stand-up collar, or nothing."""
    if upper.collar not in {"shirt", "stand"}:
        return None
    heights = np.linspace(0.832, 0.858 if upper.collar == "stand" else 0.852, 4)
    turns = angles(18)
    profile = trunk_profile(build, np.maximum(heights, 0.85)) + np.array([0.016, 0.013, 0.012, 0.014])[:, None]
    forward, side = section(profile, turns, power=1.0)
    shade = np.array([0.8, 0.92, 0.96, 0.7])[:, None, None] * np.ones((1, 18, 1))
    return tube(
        along_axis(heights - TRUNK_START, TRUNK_END - TRUNK_START),
        (forward, side),
        float32(shade * np.asarray(upper.colour)),
    )


def neck(build: Build, skin: ArrayLike) -> Tube:
    """The bare neck."""
    heights = np.linspace(0.80, 0.88, 7)
    profile = trunk_profile(build, np.maximum(heights, 0.85)) * 0.97
    forward, side = section(profile, angles(16), power=1.0)
    colours = float32(skin) * np.linspace(0.9, 0.68, 7)[:, None, None] * np.ones((1, 16, 1))
    return tube(along_axis(heights - TRUNK_START, TRUNK_END - TRUNK_START), (forward, side), float32(colours))


def sleeve(upper: Upper, build: Build) -> Tube:
    """One sleeve, from the top of the shoulder to the cuff."""
    bone = lengths(build)
    length = bone.upper_arm + bone.forearm
    end = upper.sleeve * length
    at = np.concatenate([[0, 0.006, 0.014, 0.024], np.linspace(0.04, end, max(5, int(end * 32)))])
    wide = 1.0 if upper.sleeve > 0.7 else 1.3
    ease = np.interp(at / end, [0, 0.1, 0.3, 0.85, 1.0], [0.0, 0.3, 0.8, 0.9 * wide, 0.75 * wide]) * upper.ease
    radius = limb_radius(build, at, leg=False) + np.minimum(ease, 0.035)
    if upper.kind == "puffer":
        radius = radius * (1 + 0.09 * np.abs(np.sin(at * np.pi / 0.062)))
    turns = angles(_ARM_SIDES)
    place = paint.cloth(-at, turns, radius)
    pattern = upper.pattern if upper.pattern in {"stripes", "checks"} else "plain"
    colour = upper.second if upper.pattern == "sides" else upper.colour
    colours = paint.weave(place, (colour, upper.second), pattern=pattern, scale=upper.scale)
    cuff = np.where((at > end - 0.04) & (upper.sleeve > 0.7), 0.84, 1.0)
    elbow = np.exp(-(((at - bone.upper_arm) / 0.09) ** 2)) + 0.5
    folds = (0.003 + 0.10 * upper.ease) * elbow * np.interp(at, [0.02, 0.08], [0, 1])
    along = along_axis(at, length)
    return tube(
        along, _round(radius, turns), float32(colours * cuff[:, None, None]), folds=folds, shade=0.14, hem="last"
    )


def _round(radius: Numbers, turns: Floats, *, back: ArrayLike = 0.0) -> tuple[Numbers, Numbers]:
    forward = radius[:, None] * np.cos(turns)[None] - np.reshape(np.asarray(back, float), (-1, 1))
    return forward, radius[:, None] * np.sin(turns)[None]


def bare_limb(build: Build, skin: ArrayLike, *, leg: bool, start: float) -> Tube:
    """Skin of an arm or a leg, from ``start`` metres down to its end."""
    bone = lengths(build)
    length = bone.thigh + bone.shank if leg else bone.upper_arm + bone.forearm
    at = np.linspace(start, length, max(5, int((length - start) * 24)))
    turns = angles(12)
    radius = limb_radius(build, at, leg=leg)
    back = calf(build, at) if leg else 0.0
    tone = 1 - 0.10 * np.cos(turns - np.pi)[None, :, None] * np.ones((len(at), 1, 1))
    return tube(along_axis(at, length), _round(radius, turns, back=back), float32(np.asarray(skin) * tone))


def hips(lower: Lower, build: Build) -> Tube:
    """The part of trousers, shorts or skirt that hangs on the trunk."""
    heights, turns = np.linspace(0.445, 0.600, 14), angles(28)
    profile = (
        trunk_profile(build, heights) + np.interp(heights, [0.53, 0.56], [min(lower.ease, 0.012), -0.012])[:, None]
    )
    forward, side = section(profile, turns)
    forward += bust(build, heights, turns)
    shade = np.interp(heights, [0.445, 0.50], [0.7, 1.0])[:, None, None] * np.ones((1, 28, 1))
    along = along_axis(heights - TRUNK_START, TRUNK_END - TRUNK_START)
    return tube(
        along,
        (forward, side),
        float32(np.asarray(lower.colour) * shade),
        folds=np.interp(heights, [0.50, 0.55], [0.004, 0.0]),
        shade=0.08,
    )


def trouser_leg(lower: Lower, build: Build, *, left: bool) -> Tube:
    """One leg of trousers, jeans, leggings or shorts."""
    bone = lengths(build)
    length = bone.thigh + bone.shank
    end = lower.length * length
    at = np.linspace(0.0, end, max(8, int(end * 34)))
    turns = angles(_LEG_SIDES)
    ease = np.interp(at / length, [0, 0.12, 0.5, 1.0], [0.3, 1, 1, 0]) * lower.ease
    ease = ease + np.interp(at / end, [0.45, 1.0], [0, 1]) * lower.hem_ease
    radius = limb_radius(build, at, leg=True) + ease
    colours = np.asarray(lower.colour) * np.ones((len(at), _LEG_SIDES, 1))
    if lower.kind == "jeans":
        worn = np.exp(-(((at - 0.55 * bone.thigh) / 0.16) ** 2))[:, None] * np.clip(np.cos(turns), 0, 1)[None]
        colours = colours * (1 + 0.28 * worn[..., None])
    inside = (
        np.clip(np.sin(turns) * (1 if left else -1), 0, 1)[None] * np.interp(at, [0, 0.12, 0.5], [1, 1, 0.3])[:, None]
    )
    colours = colours * (1 - 0.32 * inside[..., None])
    if lower.kind == "joggers":
        outside = np.clip(-np.sin(turns) * (1 if left else -1), 0, 1)[None, :, None] > 0.97
        colours = np.where(outside, np.asarray(lower.second), colours)
    slim = np.clip(lower.hem_ease / 0.03, 0.25, 1.0)
    folds = (
        np.interp(at / length, [0, 0.1, 0.4, 0.5, 0.62, 0.85, 1.0], [0.003, 0.005, 0.003, 0.006, 0.004, 0.007, 0.009])
        * slim
    )
    back = calf(build, at) * 0.6
    return tube(
        along_axis(at, length), _round(radius, turns, back=back), float32(colours), folds=folds, shade=0.15, hem="last"
    )
