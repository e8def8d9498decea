"""How a person is built: lengths and girths from height, weight and shape, about seven and a half heads tall.

``masculine`` and ``feminine`` are the two ends that ``Build.shape`` mixes; the tables are fractions of the height.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

HEADS = 7.5

# z, then (half width, front depth, back depth) masculine and feminine
_TRUNK = np.array(
    [
        [0.440, 0.060, 0.030, 0.035, 0.064, 0.030, 0.038],
        [0.462, 0.086, 0.046, 0.060, 0.092, 0.046, 0.064],
        [0.490, 0.096, 0.056, 0.074, 0.105, 0.056, 0.080],
        [0.525, 0.097, 0.060, 0.074, 0.107, 0.060, 0.080],
        [0.570, 0.092, 0.062, 0.062, 0.097, 0.062, 0.064],
        [0.620, 0.086, 0.062, 0.054, 0.078, 0.058, 0.050],
        [0.660, 0.090, 0.063, 0.056, 0.080, 0.058, 0.052],
        [0.700, 0.098, 0.066, 0.062, 0.088, 0.066, 0.056],
        [0.730, 0.104, 0.068, 0.065, 0.092, 0.070, 0.060],
        [0.765, 0.108, 0.063, 0.066, 0.095, 0.060, 0.061],
        [0.785, 0.106, 0.054, 0.063, 0.095, 0.050, 0.058],
        [0.802, 0.098, 0.047, 0.058, 0.087, 0.043, 0.054],
        [0.814, 0.085, 0.041, 0.053, 0.075, 0.038, 0.049],
        [0.826, 0.068, 0.037, 0.048, 0.059, 0.034, 0.044],
        [0.838, 0.051, 0.035, 0.042, 0.045, 0.031, 0.038],
        [0.846, 0.043, 0.034, 0.039, 0.038, 0.030, 0.035],
        [0.856, 0.037, 0.034, 0.036, 0.032, 0.030, 0.032],
        [0.880, 0.034, 0.034, 0.034, 0.029, 0.029, 0.030],
    ]
)
# how much of a heavy person's extra width and depth each height takes
_WEIGHT = np.array(
    [[0.44, 0.8], [0.52, 0.9], [0.60, 1.5], [0.66, 1.4], [0.73, 1.0], [0.80, 0.55], [0.84, 0.4], [0.88, 0.5]]
)

_ARM = np.array(
    [
        [0.0, 0.010],
        [0.006, 0.020],
        [0.018, 0.0275],
        [0.05, 0.031],
        [0.09, 0.029],
        [0.16, 0.0265],
        [0.19, 0.0235],
        [0.235, 0.025],
        [0.29, 0.020],
        [0.335, 0.0155],
    ]
)
_LEG = np.array(
    [
        [0.0, 0.050],
        [0.04, 0.0535],
        [0.10, 0.049],
        [0.17, 0.041],
        [0.225, 0.0345],
        [0.25, 0.034],
        [0.31, 0.0355],
        [0.37, 0.030],
        [0.43, 0.0215],
        [0.475, 0.0215],
    ]
)


class Build(NamedTuple):
    """One body. ``height`` metres; ``shape`` 0 masculine to 1 feminine; ``girth`` 1 is average; the others scale."""

    height: float
    shape: float
    girth: float
    shoulders: float
    hips: float
    legs: float
    head: float


class Lengths(NamedTuple):
    """The metres of one skeleton: bones, and how far the joints are from the middle."""

    trunk: float
    thigh: float
    shank: float
    ankle: float
    upper_arm: float
    forearm: float
    shoulder: float
    hip: float
    head: float


def draw_build(rng: np.random.Generator) -> Build:
    """A body from a street: men and women, slim to heavy, 1.50 to 1.98 m."""
    shape = float(np.clip(rng.choice([0.05, 0.95]) + rng.normal(0, 0.12), 0, 1))
    height = float(np.clip(rng.normal(1.77 - 0.13 * shape, 0.07), 1.50, 1.98))
    girth = float(np.clip(rng.lognormal(0.0, 0.13), 0.84, 1.45))
    shoulders, hips, legs, head = (float(rng.normal(1, spread)) for spread in (0.04, 0.04, 0.018, 0.025))
    return Build(height, shape, girth, shoulders, hips, legs, head)


def lengths(build: Build) -> Lengths:
    """The skeleton of a build, in metres."""
    h, legs = build.height, build.height * build.legs
    shoulder = (0.106 - 0.011 * build.shape) * build.shoulders + 0.006 * (build.girth - 1)
    return Lengths(
        trunk=0.44 * h,
        thigh=0.245 * legs,
        shank=0.235 * legs,
        ankle=0.043 * h,
        upper_arm=0.180 * h,
        forearm=0.147 * h,
        shoulder=shoulder * h,
        hip=(0.046 + 0.005 * build.shape) * h * (0.6 + 0.4 * build.girth),
        head=h / HEADS * build.head,
    )


def trunk_profile(build: Build, height: ArrayLike) -> NDArray[np.float64]:
    """(R,) heights as fractions of the body -> (R, 3) half width, front and back depth in metres."""
    at = np.asarray(height, float)
    column = [np.interp(at, _TRUNK[:, 0], _TRUNK[:, k]) for k in range(1, 7)]
    masculine, feminine = np.stack(column[:3], -1), np.stack(column[3:], -1)
    profile = masculine + build.shape * (feminine - masculine)
    heavy = (np.interp(at, _WEIGHT[:, 0], _WEIGHT[:, 1]) * (build.girth - 1))[:, None] * np.array([0.8, 1.25, 0.9])
    frame = np.interp(at, [0.50, 0.56, 0.72, 0.80, 0.84], [build.hips, build.hips, 1, build.shoulders, 1])
    profile *= 1 + heavy
    profile[:, 0] *= frame
    return np.asarray(profile * build.height)


def limb_radius(build: Build, position: ArrayLike, *, leg: bool) -> NDArray[np.float64]:
    """(R,) metres down an arm or a leg -> (R,) radius in metres."""
    table = _LEG if leg else _ARM
    scale = build.height * (build.legs if leg else 1.0)
    thin = 1 - build.shape * (0.0 if leg else 0.13)
    radius = np.interp(np.asarray(position, float) / scale, table[:, 0], table[:, 1])
    heavy = 1 + (0.7 if leg else 0.75) * (build.girth - 1)
    return np.asarray(radius * build.height * thin * heavy)


def calf(build: Build, position: ArrayLike) -> NDArray[np.float64]:
    """(R,) metres down a leg -> (R,) how far the calf lies behind the bone, in metres."""
    at = np.asarray(position, float) / build.height
    return 0.007 * build.height * np.exp(-(((at - 0.325) / 0.05) ** 2))
