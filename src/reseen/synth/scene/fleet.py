"""Vehicles and persons of the scenes, those of the re-identification sets, built when first needed."""

from typing import NamedTuple

import numpy as np

from reseen.synth.person.figure import build as build_person
from reseen.synth.person.identity import draw_person
from reseen.synth.person.poses import draw_pose
from reseen.synth.render.shading import assemble
from reseen.synth.scene.labels import LABELS
from reseen.synth.scene.thing import Thing
from reseen.synth.vehicle.build import VehicleState
from reseen.synth.vehicle.build import build as build_vehicle
from reseen.synth.vehicle.identity import Vehicle, draw_identities

PEOPLE = 40
VEHICLES = {"truck": 5, "bus": 6, "car": 33}
"""How many of each class a fleet has; vans and pickups are cars, as in Cityscapes."""


class Mobile(NamedTuple):
    """A vehicle or a person with the length that it takes up on the road, metres."""

    thing: Thing
    length: float


class Fleet:
    """Vehicles and persons of one side, training or validation; ``seed`` decides who they are."""

    def __init__(self, seed: tuple[int, ...]) -> None:
        self._seed = seed
        self._cars = _of_each_class(np.random.default_rng([*seed, 0]))
        self._built: dict[tuple[str, int, bool], Mobile] = {}

    def vehicle(self, rng: np.random.Generator, *, lamps_on: bool) -> Mobile:
        """Any vehicle."""
        number = int(rng.integers(len(self._cars)))
        key = ("vehicle", number, lamps_on)
        if key not in self._built:
            chosen = self._cars[number]
            model = assemble(build_vehicle(chosen, VehicleState(lamps_on)))
            self._built[key] = Mobile(Thing(model, LABELS[_class_of(chosen)], stands=True), chosen.size.length)
        return self._built[key]

    def person(self, rng: np.random.Generator) -> Mobile:
        """Anybody, in a pose of their own."""
        number = int(rng.integers(PEOPLE))
        key = ("person", number, False)
        if key not in self._built:
            own = np.random.default_rng([*self._seed, 1, number])
            model = assemble(build_person(draw_person(own), draw_pose(own)))
            self._built[key] = Mobile(Thing(model, LABELS["person"], stands=True), 0.8)
        return self._built[key]


def _class_of(vehicle: Vehicle) -> str:
    return vehicle.kind if vehicle.kind in {"truck", "bus"} else "car"


def _of_each_class(rng: np.random.Generator) -> list[Vehicle]:
    """The first of each class, in the order drawn."""
    wanted = dict(VEHICLES)
    chosen: list[Vehicle] = []
    while any(wanted.values()):
        one = draw_identities(1, twins_share=0.0, rng=rng)[0]
        if wanted[_class_of(one)]:
            wanted[_class_of(one)] -= 1
            chosen.append(one)
    return chosen
