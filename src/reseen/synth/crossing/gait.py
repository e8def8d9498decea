"""How the persons of a town walk: each in a manner of its own, in a few steps of a cycle, as large as it then is."""

import math
from typing import NamedTuple

import numpy as np

from reseen.synth.person.figure import build
from reseen.synth.person.identity import Person
from reseen.synth.person.poses import PersonState, draw_pose

STEPS = 10
"""Poses in a cycle of two steps; a person is built once for each."""
_CYCLE = 0.84
"""The length of a cycle, as a share of the body's height."""


class Walker(NamedTuple):
    """A person with its manner of walking."""

    person: Person
    state: PersonState


def draw_walker(person: Person, rng: np.random.Generator) -> Walker:
    """The person with a manner of walking: no pose of who stands."""
    while True:
        state = draw_pose(rng)
        if state.pose.stride > 0.3:
            return Walker(person, state)


def stepping(state: PersonState, step: int) -> PersonState:
    """The pose at a step of the cycle, 0..STEPS - 1."""
    return state._replace(pose=state.pose._replace(phase=step / STEPS))


def step_of(walked: float, *, height: float) -> int:
    """The step of the cycle after so many metres.

    >>> [step_of(metres, height=1.7) for metres in (0.0, 0.2, 1.4, 1.5, -0.1)]
    [0, 1, 9, 0, 9]
    """
    return math.floor(walked / (_CYCLE * height) * STEPS) % STEPS


def size_of(walker: Walker) -> tuple[float, float, float]:
    """The length, width and height, metres, of a block in whose middle the person walks."""
    bounds = [
        [float(np.abs(part.mesh.vertices[:, axis]).max()) for axis in range(3)]
        for step in range(0, STEPS, 2)
        for part in build(walker.person, stepping(walker.state, step))
    ]
    length, width, height = np.asarray(bounds).max(axis=0)
    return 2 * float(length), 2 * float(width), float(height)
