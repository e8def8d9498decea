"""A street with all that stands and moves on it: its ground, lots and pavements, traffic and people."""

from typing import NamedTuple

import numpy as np

from reseen.synth.scene.fleet import Fleet
from reseen.synth.scene.lots import backdrop, lots
from reseen.synth.scene.roadside import Pavement, furnish
from reseen.synth.scene.roadway import NOWHERE, SIDES, Roadway, draw_roadway
from reseen.synth.scene.thing import Thing, placed


class Street(NamedTuple):
    """The ground and everything on it; ``eye`` is where the camera stands across the street."""

    roadway: Roadway
    things: list[Thing]
    eye: float


def draw_street(rng: np.random.Generator, *, urban: float, fleet: Fleet, lamps_on: bool) -> Street:
    """A street of a town that is ``urban`` from 0 (gardens, trees) to 1 (closed fronts of tall houses)."""
    roadway = draw_roadway(rng, urban=urban)
    own = min((lane for lane in roadway.lanes if lane < 0), key=abs)
    things = [thing for side in (0, 1) for thing in lots(side, roadway, urban=urban, rng=rng)]
    things += backdrop(roadway, urban, rng)
    for side in (0, 1):
        things += furnish(Pavement(side, roadway), rng)
    things += _traffic(roadway, fleet, rng, own=own, lamps_on=lamps_on)
    things += _people(roadway, fleet, rng)
    return Street(roadway, things, own + float(rng.normal(0, 0.25)))


def _traffic(roadway: Roadway, fleet: Fleet, rng: np.random.Generator, *, own: float, lamps_on: bool) -> list[Thing]:
    """Vehicles that drive in the lanes and stand in the parking strips."""
    things: list[Thing] = []
    rows = [(lane, 0.0 if lane < 0 else 180.0, (5.0, 45.0), 0.75) for lane in roadway.lanes]
    rows += [
        (SIDES[side] * (roadway.half - 1.05), 180.0 if side == 0 else 0.0, (0.5, 3.0), 0.75)
        for side in (0, 1)
        if roadway.parking[side]
    ]
    for y, heading, gaps, share in rows:
        x = float(rng.uniform(9, 16)) if y == own else float(rng.uniform(1, 8))
        while x < 85:
            mobile = fleet.vehicle(rng, lamps_on=lamps_on)
            middle = x + mobile.length / 2
            x += mobile.length + float(rng.uniform(*gaps))
            if rng.random() > share or _in_the_way(middle, mobile.length, roadway, parked=gaps[0] < 1):
                continue
            askew, aside = rng.normal(0, 1.5), rng.normal(0, 0.12)
            things += placed([mobile.thing], at=(middle, y + float(aside)), heading=heading + float(askew))
    return things


def _in_the_way(middle: float, length: float, roadway: Roadway, *, parked: bool) -> bool:
    """Whether a vehicle would stand on the crossing, or parked in the junction."""
    on_zebra = abs(middle - roadway.zebra) < length / 2 + 2.2
    return on_zebra or (parked and abs(middle - roadway.junction) < length / 2 + roadway.across + 1.0)


def _people(roadway: Roadway, fleet: Fleet, rng: np.random.Generator) -> list[Thing]:
    things: list[Thing] = []
    for _ in range(int(rng.integers(2, 10))):
        side = int(rng.integers(2))
        away = roadway.half + float(rng.uniform(0.8, max(1.0, roadway.pavement[side] - 0.5)))
        x = 5.0 + 40.0 * float(rng.random()) ** 1.3
        heading = 180.0 * int(rng.integers(2)) + float(rng.normal(0, 10))
        for pair in range(2 if rng.random() < 0.3 else 1):
            at = (x + 0.2 * pair, SIDES[side] * (away + 0.65 * pair))
            things += placed([fleet.person(rng).thing], at=at, heading=heading)
    if roadway.zebra != NOWHERE:
        for _ in range(int(rng.integers(0, 4))):
            at = (roadway.zebra + float(rng.uniform(-1.4, 1.4)), float(rng.uniform(-1, 1)) * roadway.half)
            things += placed([fleet.person(rng).thing], at=at, heading=float(rng.choice([90.0, -90.0])))
    return things
