"""Trips through the town: who drives which way, when, and how fast; twins go in the same minute."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from reseen.synth.crossing.town import Town, draw_route

SLOWEST, FASTEST = 5.0, 16.0
"""The speeds of vehicles, metres a second; nobody drives faster."""
_RED_LIGHT = 0.35
"""How often a vehicle has to wait at a junction."""
_WAIT = (2.0, 20.0)
_TRIES = 30
_LEAD = 25.0
"""So many seconds at most lie between the two of a pair of twins."""


class Leg(NamedTuple):
    """One street of a trip: entered at ``start`` seconds, passed at ``speed``; ``way`` is 1 along it, -1 back.

    Who comes out of a door or goes into one passes only what lies between ``enters`` and ``leaves``, metres from where
    the leg begins; ``start`` is then when it would have been there. ``side``: of the street on whose pavement it walks,
    as seen along it: 1 the left, -1 the right, 0 on the road; ``across`` the pavement, 0 at the kerb to 1.
    """

    street: int
    way: int
    start: float
    speed: float
    enters: float = 0.0
    leaves: float = float("inf")
    side: int = 0
    across: float = 0.5


def draw_trips(
    town: Town,
    twins: list[tuple[int, int]],
    *,
    vehicles: int,
    seconds: float,
    watched: set[int],
    rng: np.random.Generator,
) -> list[list[Leg]]:
    """The legs of each vehicle's trip; the two of a pair of twins enter together, half of them drive alike.

    ``watched``: streets with a camera; most trips go through two or more.
    """
    first_of = {second: first for first, second in twins}
    routes: list[list[int]] = []
    starts: list[float] = []
    for vehicle in range(vehicles):
        route, start = _route(town, watched, rng), float(rng.uniform(0, max(0.3 * seconds, seconds - 90)))
        if vehicle in first_of:
            leader = first_of[vehicle]
            start = starts[leader] + float(rng.uniform(2, _LEAD))
            if rng.random() < 0.5:
                route = routes[leader]
        routes.append(route)
        starts.append(start)
    return [_legs(town, route, start=start, rng=rng) for route, start in zip(routes, starts, strict=True)]


def _route(town: Town, watched: set[int], rng: np.random.Generator) -> list[int]:
    """A way through the town: of those that come to mind the first with two cameras, or else the one with most."""
    cameras = {(town.streets[k].first, town.streets[k].second) for k in watched}
    best: tuple[int, list[int]] = (-1, [])
    for _ in range(_TRIES):
        route = draw_route(town, rng)
        passed = len(cameras & {(min(pair), max(pair)) for pair in pairwise(route)})
        if passed > best[0]:
            best = passed, route
        if passed > 1:
            break
    return best[1]


def _legs(town: Town, route: list[int], *, start: float, rng: np.random.Generator) -> list[Leg]:
    numbers = {(street.first, street.second): number for number, street in enumerate(town.streets)}
    cruise = float(np.clip(rng.normal(10.5, 1.5), 7, 14))
    legs, clock = [], start
    for a, b in pairwise(route):
        number = numbers[min(a, b), max(a, b)]
        speed = float(np.clip(cruise * rng.uniform(0.75, 1.15), SLOWEST, FASTEST))
        legs.append(Leg(number, 1 if a < b else -1, clock, speed))
        clock += town.streets[number].length / speed
        if rng.random() < _RED_LIGHT:
            clock += float(rng.uniform(*_WAIT))
    return legs
