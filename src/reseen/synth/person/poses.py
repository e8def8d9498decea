"""Poses of a person in one image: walking or standing, arms hanging, pocketed or at a phone."""

from typing import NamedTuple

import numpy as np

from reseen.synth.person.skeleton import Pose
from reseen.synth.render.station import Station


class PersonState(NamedTuple):
    """A pose, and the seed of how the cloth falls in this image."""

    pose: Pose
    seed: int


def draw_state(station: Station, rng: np.random.Generator) -> PersonState:
    """A pose as seen by any ``station``."""
    del station  # people do not pose for cameras
    return draw_pose(rng)


def draw_pose(rng: np.random.Generator) -> PersonState:
    """A pose: four of five people walk."""
    walks = rng.random() < 0.8
    stride = float(np.clip(rng.normal(0.78, 0.16), 0.35, 1.1)) if walks else float(rng.uniform(0, 0.08))
    arms, elbows, swing = zip(*(_arm(rng, walks=walks) for _ in range(2)), strict=True)
    pose = Pose(
        phase=float(rng.random()),
        stride=stride,
        lean=float(rng.normal(0.03 + 0.05 * stride, 0.03)),
        sway=float(rng.normal(0, 0.02 if walks else 0.05)),
        twist=float(rng.normal(0, 0.05)),
        head_yaw=float(np.clip(rng.normal(0, 0.28), -0.9, 0.9)),
        head_pitch=float(np.clip(rng.normal(0.06, 0.12), -0.25, 0.5)),
        spread=float(rng.uniform(0.01, 0.06) if walks else rng.uniform(0.02, 0.11)),
        arms=(arms[0], arms[1]),
        elbows=(elbows[0], elbows[1]),
        swing=(swing[0], swing[1]),
    )
    return PersonState(pose, int(rng.integers(0, 2**31)))


def _arm(rng: np.random.Generator, *, walks: bool) -> tuple[float, float, float]:
    """Lift, elbow bend and swing of one arm."""
    habit = rng.choice(["hangs", "pocket", "phone"], p=[0.84, 0.10, 0.06] if walks else [0.66, 0.18, 0.16])
    if habit == "pocket":
        return float(rng.normal(-0.25, 0.06)), float(rng.uniform(0.5, 0.75)), 0.2
    if habit == "phone":
        return float(rng.uniform(-0.05, 0.25)), float(rng.uniform(1.75, 2.2)), 0.1
    return float(rng.normal(-0.02, 0.08)), float(rng.uniform(0.15, 0.5)), float(rng.uniform(0.6, 1.1))
