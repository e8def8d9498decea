"""Walks through the town: who goes on foot from which door to which, when, and how fast.

Streets are long for who walks: a door to the next camera may be two minutes. So a walk begins at a door anywhere in the
town, not at its edge, up to two minutes before the recording does or any time in it; and of the walks that come to
mind the first is taken that two cameras see in the time that there is, or else the one that most see.
"""

from collections.abc import Callable, Iterable
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from reseen.synth.crossing.town import Town, shortest
from reseen.synth.crossing.trips import Leg

SLOWEST, FASTEST = 1.1, 1.7
"""The speeds of walkers, metres a second."""
_EARLY = 120.0
"""So many seconds before the recording a walk begins at the earliest."""
_WAITS = 0.3
"""How often a walker has to wait at a junction, and how often it crosses to the other pavement there."""
_WAIT = (2.0, 25.0)
_TRIES = 40
_LEAD = 25.0
"""So many seconds at most lie between the two of a pair of twins."""


class _Door(NamedTuple):
    """A door: the number of its street, and metres along it."""

    street: int
    along: float


class _Way(NamedTuple):
    """From a door by the junctions to another, at a pace; ``side`` of who walks along the way: 1 its left."""

    start: _Door
    junctions: list[int]
    end: _Door
    pace: float
    side: int


class _Walk(NamedTuple):
    """A way, when it begins, and the legs of it."""

    way: _Way
    start: float
    legs: list[Leg]


def draw_walks(
    town: Town,
    twins: list[tuple[int, int]],
    *,
    persons: int,
    seconds: float,
    seen: Callable[[int, list[Leg]], int],
    rng: np.random.Generator,
) -> list[list[Leg]]:
    """The legs of each person's walk; the two of a pair of twins set out together, half of them the same way.

    ``seen``: the number of a person and its legs -> how many cameras see it.
    """
    first_of = {second: first for first, second in twins}
    walks: list[_Walk] = []
    for person in range(persons):
        leader = walks[first_of[person]] if person in first_of else None
        alike = leader is not None and rng.random() < 0.5
        drawn = (_draw_walk(town, leader, alike=alike, seconds=seconds, rng=rng) for _ in range(_TRIES))
        walks.append(_seen_twice(drawn, partial(seen, person)))
    return [walk.legs for walk in walks]


def _seen_twice(walks: Iterable[_Walk], seen: Callable[[list[Leg]], int]) -> _Walk:
    """The first that two cameras see, or else the first of those that most see."""
    best: list[tuple[int, _Walk]] = []
    for walk in walks:
        cameras = seen(walk.legs)
        if not best or cameras > best[0][0]:
            best = [(cameras, walk)]
        if cameras > 1:
            break
    return best[0][1]


def _draw_walk(town: Town, leader: _Walk | None, *, alike: bool, seconds: float, rng: np.random.Generator) -> _Walk:
    """Somebody's walk; soon after the leader's, where there is one, and, where ``alike``, its way."""
    way = _draw_way(town, rng)
    if leader is None:
        start = float(rng.uniform(-_EARLY, 0.8 * seconds))
    else:
        start = leader.start + float(rng.uniform(2, _LEAD))
        way = leader.way._replace(pace=way.pace) if alike else way
    return _Walk(way, start, _legs(town, way, start=start, rng=rng))


def _draw_way(town: Town, rng: np.random.Generator) -> _Way:
    """From a door to one of another street, by the way that one walker thinks shortest."""
    lengths = np.asarray([street.length for street in town.streets])
    while True:
        first, last = (int(k) for k in rng.choice(len(lengths), size=2, replace=False, p=lengths / lengths.sum()))
        felt = {(street.first, street.second): street.length * float(rng.uniform(0.7, 1.3)) for street in town.streets}
        ends = [town.streets[first][int(rng.integers(2))], town.streets[last][int(rng.integers(2))]]
        junctions = shortest(felt, start=int(ends[0]), end=int(ends[1]))
        passed = {(min(pair), max(pair)) for pair in pairwise(junctions)}
        if not passed & {(town.streets[k].first, town.streets[k].second) for k in (first, last)}:
            doors = [_Door(k, float(rng.uniform(0, lengths[k]))) for k in (first, last)]
            return _Way(doors[0], junctions, doors[1], _pace(rng), int(rng.choice([-1, 1])))


def _pace(rng: np.random.Generator) -> float:
    return float(np.clip(rng.normal(1.4, 0.13), SLOWEST + 0.05, FASTEST - 0.05))


def _legs(town: Town, way: _Way, *, start: float, rng: np.random.Generator) -> list[Leg]:
    """``start``: when who walks comes out of the door."""
    numbers = {(street.first, street.second): number for number, street in enumerate(town.streets)}
    (first, at), (last, to) = way.start, way.end
    turns = [(first, -1 if way.junctions[0] == town.streets[first].first else 1)]
    turns += [(numbers[min(a, b), max(a, b)], 1 if a < b else -1) for a, b in pairwise(way.junctions)]
    turns += [(last, 1 if way.junctions[-1] == town.streets[last].first else -1)]
    clock, side = start, way.side
    legs: list[Leg] = []
    for place, (number, along) in enumerate(turns):
        length = town.streets[number].length
        speed = float(np.clip(way.pace * rng.uniform(0.93, 1.07), SLOWEST, FASTEST))
        enters = (at if along > 0 else length - at) if place == 0 else 0.0
        leaves = (to if along > 0 else length - to) if place == len(turns) - 1 else length
        leg = Leg(number, along, clock - enters / speed, speed, enters, leaves, side * along, float(rng.random()))
        legs.append(leg)
        clock += (leaves - enters) / speed
        if rng.random() < _WAITS:
            clock += float(rng.uniform(*_WAIT))
        side = -side if rng.random() < _WAITS else side
    return legs
