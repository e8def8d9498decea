"""Bodies in a pose: bones keep their length, feet stand on the ground, walking is left-right symmetric."""

import numpy as np
import pytest

from reseen.synth.person.physique import HEADS, Build, draw_build, lengths, limb_radius, trunk_profile
from reseen.synth.person.poses import draw_state
from reseen.synth.person.skeleton import Frame, Pose, Skeleton, knee_bend, stand_up

BUILD = Build(1.75, 0.3, 1.0, 1.0, 1.0, 1.0, 1.0)
STILL = Pose(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.05, (0.0, 0.0), (0.2, 0.2), (1.0, 1.0))


def walk(phase: float) -> Pose:
    return STILL._replace(phase=phase, stride=0.9, lean=0.06)


def run_of(points: np.ndarray) -> float:
    return float(np.linalg.norm(np.diff(points.astype(float), axis=0), axis=1).sum())


def soles(body: Skeleton, build: Build) -> np.ndarray:
    ankle = lengths(build).ankle
    spots = np.array([[-0.055, 0, -ankle], [0.11, 0, -ankle]])
    return np.concatenate([spots @ foot.turn.T + foot.origin for foot in body.feet])


@pytest.mark.parametrize("seed", range(12))
def test_bones_keep_their_length_in_every_pose(seed: int) -> None:
    rng = np.random.default_rng(seed)
    build = draw_build(rng)
    body = stand_up(build, draw_state(None, rng).pose)
    bone = lengths(build)
    # a chain of 32 straight pieces is a little shorter than the bend it follows
    assert run_of(body.trunk.points) == pytest.approx(bone.trunk, rel=0.01)
    for arm, leg in zip(body.arms, body.legs, strict=True):
        assert run_of(arm.points) == pytest.approx(bone.upper_arm + bone.forearm, rel=0.02)
        assert run_of(leg.points) == pytest.approx(bone.thigh + bone.shank, rel=0.02)


@pytest.mark.parametrize("seed", range(12))
def test_the_lower_foot_stands_on_the_ground(seed: int) -> None:
    rng = np.random.default_rng(seed)
    build = draw_build(rng)
    body = stand_up(build, draw_state(None, rng).pose)
    assert soles(body, build)[:, 2].min() == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("seed", range(6))
def test_frames_and_axes_are_right_handed_and_orthonormal(seed: int) -> None:
    rng = np.random.default_rng(seed)
    body = stand_up(draw_build(rng), draw_state(None, rng).pose)
    frames: list[Frame] = [body.head, body.chest, body.pelvis, *body.hands, *body.feet]
    for frame in frames:
        np.testing.assert_allclose(frame.turn @ frame.turn.T, np.eye(3), atol=2e-5)
        assert np.linalg.det(frame.turn) == pytest.approx(1, abs=1e-4)
    for axis in (body.trunk, *body.arms, *body.legs):
        along = np.gradient(axis.points, axis=0)
        assert (np.einsum("ai,ai->a", np.cross(axis.forward, axis.side), along) > 0).all()


@pytest.mark.parametrize("phase", [0.0, 0.13, 0.3, 0.41])
def test_half_a_cycle_later_left_and_right_have_changed_places(phase: float) -> None:
    now, later = stand_up(BUILD, walk(phase)), stand_up(BUILD, walk(phase + 0.5))
    mirror = np.array([1, -1, 1])
    np.testing.assert_allclose(now.legs[0].points, later.legs[1].points * mirror, atol=1e-5)
    np.testing.assert_allclose(now.arms[0].points, later.arms[1].points * mirror, atol=1e-5)
    np.testing.assert_allclose(now.trunk.points, later.trunk.points * mirror, atol=1e-5)


def test_the_leading_leg_swings_with_the_other_arm() -> None:
    body = stand_up(BUILD, walk(0.0))
    left_foot, right_foot = (foot.origin[0] for foot in body.feet)
    left_hand, right_hand = (hand.origin[0] for hand in body.hands)
    assert left_foot > right_foot + 0.3
    assert right_hand > left_hand + 0.15


def test_arms_hang_outside_the_hips_and_legs_stand_apart() -> None:
    body = stand_up(BUILD, STILL)
    hip = trunk_profile(BUILD, [0.52])[0, 0]
    for side, arm, leg in zip((1, -1), body.arms, body.legs, strict=True):
        assert side * arm.points[-1, 1] > hip + 0.02
        assert side * leg.points[-1, 1] > side * leg.points[0, 1]


def test_the_knee_bends_most_in_swing() -> None:
    phases = np.linspace(0, 1, 200, endpoint=False)
    bend = knee_bend(phases)
    assert phases[bend.argmax()] == pytest.approx(0.72, abs=0.01)
    assert np.degrees(bend.max()) == pytest.approx(61, abs=3)
    assert knee_bend(0.999) == pytest.approx(float(knee_bend(0.0)), abs=1e-3)


def test_a_still_body_is_as_tall_as_its_build_says() -> None:
    body = stand_up(BUILD, STILL)
    crown = body.head.origin[2] + 0.88 * BUILD.height / HEADS
    assert crown == pytest.approx(BUILD.height, abs=0.04)


def test_builds_differ_as_their_numbers_say() -> None:
    slim, heavy = (trunk_profile(BUILD._replace(girth=girth), [0.62])[0] for girth in (0.9, 1.3))
    assert (heavy > 1.2 * slim).all()
    broad, narrow = (trunk_profile(BUILD._replace(shape=shape), [0.79])[0, 0] for shape in (0.0, 1.0))
    assert broad > narrow
    assert (limb_radius(BUILD._replace(girth=1.3), [0.1], leg=True) > limb_radius(BUILD, [0.1], leg=True)).all()
