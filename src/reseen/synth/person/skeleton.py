"""A body in a pose: the bent axes of trunk, arms and legs, and the frames of head, hands and feet.

Angles in radians; x forward, y left, z up. The walking curves follow the usual description of normal gait
(Perry and Burnfield, *Gait Analysis*): the hip swings like a cosine, the knee bends a little when it takes the load and
about sixty degrees in swing, the foot strikes with the heel and leaves with the toe.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reseen.synth.person.physique import Build, lengths, trunk_profile
from reseen.synth.person.surface import SAMPLES, Axis, Floats, float32

LEFT_RIGHT = (1.0, -1.0)

_FOOT_PHASE = [0.0, 0.08, 0.38, 0.50, 0.62, 0.75, 0.88, 1.0]
_FOOT_PITCH = [0.30, 0.0, 0.0, -0.30, -0.85, -0.45, 0.18, 0.30]


class Pose(NamedTuple):
    """What a body does in one image.

    ``stride`` 0 stands, 1 walks briskly; ``phase`` in [0, 1) of the step cycle, left heel strike at 0; ``elbows`` and
    ``arms`` (left, right) bend and lift each arm forward beyond its swing; ``swing`` scales each arm's swing.
    """

    phase: float
    stride: float
    lean: float
    sway: float
    twist: float
    head_yaw: float
    head_pitch: float
    spread: float
    arms: tuple[float, float]
    elbows: tuple[float, float]
    swing: tuple[float, float]


class Frame(NamedTuple):
    """A rigid place: the columns of ``turn`` (3, 3) are its forward, left and up; ``origin`` (3,)."""

    turn: Floats
    origin: Floats


class Skeleton(NamedTuple):
    """A posed body; pairs are (left, right). ``chest`` is the frame between the shoulders, ``pelvis`` of the hips."""

    trunk: Axis
    arms: tuple[Axis, Axis]
    legs: tuple[Axis, Axis]
    head: Frame
    chest: Frame
    pelvis: Frame
    hands: tuple[Frame, Frame]
    feet: tuple[Frame, Frame]


def knee_bend(phase: ArrayLike) -> NDArray[np.float64]:
    """How far the knee bends at a phase of its own step cycle, for a full stride."""
    at = np.asarray(phase, float)

    def bump(centre: float, width: float) -> NDArray[np.float64]:
        return np.exp(-(((at - centre + 0.5) % 1 - 0.5) ** 2) / (2 * width**2))

    return 0.07 + 0.25 * bump(0.14, 0.06) + 1.0 * bump(0.72, 0.085)


def stand_up(build: Build, pose: Pose) -> Skeleton:
    """The skeleton of a build in a pose, its lowest foot on the ground and its hips over the origin."""
    bone = lengths(build)
    phases = (pose.phase % 1, (pose.phase + 0.5) % 1)
    pelvis_yaw = pose.stride * 0.10 * np.cos(2 * np.pi * pose.phase) * -1.0
    pelvis = _turn(pelvis_yaw, 0.0, pose.sway * 0.5)
    hips = [pelvis @ float32([0, side * bone.hip, 0]) for side in LEFT_RIGHT]
    legs = [
        _leg(hip, phase, side, build=build, pose=pose)
        for hip, phase, side in zip(hips, phases, LEFT_RIGHT, strict=True)
    ]
    feet = [_foot(leg, phase, side, pose=pose) for leg, phase, side in zip(legs, phases, LEFT_RIGHT, strict=True)]
    lift = max(_reach(foot, bone.ankle) for foot in feet)
    rise = float32([0, 0, lift])
    legs = [leg._replace(points=leg.points + rise) for leg in legs]
    feet = [foot._replace(origin=foot.origin + rise) for foot in feet]
    trunk = _trunk(build, pose, pelvis_yaw=pelvis_yaw, hip_height=lift)
    chest = _frame_at(trunk, 0.80)
    arms = [_arm(chest, side, build=build, pose=pose) for side in LEFT_RIGHT]
    neck = _frame_at(trunk, 1.0)
    head = Frame(chest.turn @ _turn(pose.head_yaw, pose.head_pitch - pose.lean * 0.8 - 0.1, 0.0), neck.origin)
    hands = [_end(arm) for arm in arms]
    return Skeleton(
        trunk,
        (arms[0], arms[1]),
        (legs[0], legs[1]),
        head,
        chest,
        Frame(pelvis, rise),
        (hands[0], hands[1]),
        (feet[0], feet[1]),
    )


def _turn(yaw: float, pitch: float, roll: float) -> Floats:
    """(3, 3): roll to the left, then pitch forward, then yaw to the left."""
    (cy, sy), (cp, sp), (cr, sr) = ((np.cos(a), np.sin(a)) for a in (yaw, pitch, roll))
    about_z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    about_y = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
    about_x = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
    return float32(about_z @ about_y @ about_x)


def _bent(root: Floats, frame: Floats, *, bend: NDArray[np.float64], length: float) -> Axis:
    """A chain that leaves ``root`` downwards and bends forward by ``bend`` (A,), in the plane of the frame."""
    cos, sin = float32(np.cos(bend))[:, None], float32(np.sin(bend))[:, None]
    forward, up = frame[:, 0], frame[:, 2]
    direction = forward * sin - up * cos
    step = length / (SAMPLES - 1)
    points = np.empty((SAMPLES, 3), np.float32)
    points[0] = root
    points[1:] = root + step * np.cumsum((direction[1:] + direction[:-1]) / 2, axis=0)
    return Axis(points, forward * cos + up * sin, np.broadcast_to(-frame[:, 1], (SAMPLES, 3)))


def _joint(first: float, second: float, *, at: float, softness: float) -> NDArray[np.float64]:
    """(A,) an angle that goes from ``first`` to ``second`` round the fraction ``at`` of a limb."""
    t = np.clip((np.linspace(0, 1, SAMPLES) - at) / softness + 0.5, 0, 1)
    return first + (second - first) * t * t * (3 - 2 * t)


def _leg(hip: Floats, phase: float, side: float, *, build: Build, pose: Pose) -> Axis:
    bone = lengths(build)
    swing = pose.stride * (0.08 + 0.42 * np.cos(2 * np.pi * phase))
    knee = 0.04 + pose.stride * float(knee_bend(phase))
    frame = _turn(side * 0.06 * (1 - pose.stride), 0.0, side * (pose.spread - 0.03 * pose.stride))
    length = bone.thigh + bone.shank
    bend = _joint(swing, swing - knee, at=bone.thigh / length, softness=0.16)
    return _bent(hip, frame, bend=bend, length=length)


def _foot(leg: Axis, phase: float, side: float, *, pose: Pose) -> Frame:
    pitch = -pose.stride * float(np.interp(phase, _FOOT_PHASE, _FOOT_PITCH))
    return Frame(_turn(side * (0.10 + 0.12 * (1 - pose.stride)), pitch, 0.0), leg.points[-1])


def _reach(foot: Frame, ankle: float) -> float:
    """How far the sole reaches below the hips: at the heel or at the ball of the foot, whichever is lower."""
    spots = float32([[-0.055, 0, -ankle], [0.11, 0, -ankle]])
    return -float((spots @ foot.turn[2] + foot.origin[2]).min())


def _trunk(build: Build, pose: Pose, *, pelvis_yaw: float, hip_height: float) -> Axis:
    t = np.linspace(0, 1, SAMPLES)
    yaw = pelvis_yaw * (1 - 2 * t) + pose.twist * t
    stoop = np.interp(t, [0, 0.3, 0.75, 1.0], [0.0, 0.6, 1.0, 1.6]) * pose.lean + np.interp(
        t, [0, 0.25, 0.6, 0.85, 1], [0, -0.06, 0.02, 0.10, 0.22]
    )
    roll = pose.sway * np.interp(t, [0, 0.5, 1], [0.5, -0.3, 0.1])
    cos, sin = np.cos(yaw), np.sin(yaw)
    up = np.stack([np.sin(stoop) * cos - roll * -sin, np.sin(stoop) * sin - roll * cos, np.cos(stoop)], -1)
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    left = np.stack([-sin, cos, np.zeros(SAMPLES)], -1)
    left -= up * (up * left).sum(1, keepdims=True)
    left /= np.linalg.norm(left, axis=1, keepdims=True)
    forward = np.cross(left, up)
    bone = lengths(build)
    step = bone.trunk / (SAMPLES - 1)
    # the trunk begins at the crotch, a little below the hip joints
    start = np.array([0, 0, hip_height - 0.083 * build.height])
    points = start + np.vstack([np.zeros(3), step * np.cumsum((up[1:] + up[:-1]) / 2, axis=0)])
    return Axis(float32(points), float32(forward), float32(left))


def _arm(chest: Frame, side: float, *, build: Build, pose: Pose) -> Axis:
    bone = lengths(build)
    which = 0 if side > 0 else 1
    # an arm swings with the opposite leg
    phase = pose.phase + (0.5 if side > 0 else 0.0)
    swing = pose.stride * pose.swing[which] * 0.38 * np.cos(2 * np.pi * phase)
    lift = pose.arms[which] + swing - pose.lean
    elbow = pose.elbows[which] + 0.5 * max(swing, 0.0)
    hip = float(trunk_profile(build, [0.515])[0, 0]) + 0.05
    away = 0.01 + max(hip - bone.shoulder, 0.0) / (bone.upper_arm + bone.forearm)
    # a forearm that is lifted high comes in front of the chest, one that is not passes beside the hip
    inward = float(np.interp(elbow, [0.4, 0.8, 1.4], [0.12, -0.12, 0.5]))
    frame = chest.turn @ _turn(-side * inward, 0.0, side * away)
    root = chest.origin + chest.turn @ float32([0.0, side * (bone.shoulder), 0.014 * build.height])
    length = bone.upper_arm + bone.forearm
    bend = _joint(lift, lift + elbow, at=bone.upper_arm / length, softness=0.14)
    return _bent(root, frame, bend=bend, length=length)


def _end(axis: Axis) -> Frame:
    forward, left = axis.forward[-1], -axis.side[-1]
    return Frame(np.stack([forward, left, np.cross(forward, left)], axis=1), axis.points[-1])


def _frame_at(axis: Axis, fraction: float) -> Frame:
    sample = round(fraction * (SAMPLES - 1))
    forward, left = axis.forward[sample], axis.side[sample]
    return Frame(np.stack([forward, left, np.cross(forward, left)], axis=1), axis.points[sample])
