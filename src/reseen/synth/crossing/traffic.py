"""The traffic of a town: vehicles that drive through it and persons who walk, and what the cameras see of them."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from reseen.synth.crossing.gait import Walker, draw_walker, size_of
from reseen.synth.crossing.town import Town
from reseen.synth.crossing.trips import Leg, draw_trips
from reseen.synth.crossing.walks import draw_walks
from reseen.synth.crossing.watch import Passer, Recording, Sighting, Watch, sight
from reseen.synth.person.identity import draw_identities
from reseen.synth.plan import twin_pairs
from reseen.synth.vehicle.identity import Vehicle

Passes: TypeAlias = list[list[Sighting]]
"""What each camera sees, passes in the order in which they begin."""


def drives(
    town: Town,
    watches: Sequence[Watch],
    vehicles: Sequence[Vehicle],
    *,
    recording: Recording,
    key: tuple[int, ...],
) -> Passes:
    """What the cameras see of the vehicles."""
    rng = np.random.default_rng([*key, 2])
    pairs = twin_pairs([vehicle.twin for vehicle in vehicles])
    watched = {watch.post.street for watch in watches}
    trips = draw_trips(town, pairs, vehicles=len(vehicles), seconds=recording.seconds, watched=watched, rng=rng)
    passes: Passes = [[] for _ in watches]
    for number, (vehicle, legs) in enumerate(zip(vehicles, trips, strict=True)):
        passer = Passer(number, (vehicle.size.length, vehicle.size.width, vehicle.size.height))
        for sighting in _sightings(town, watches, passer=passer, legs=legs, recording=recording, rng=rng):
            passes[sighting.camera].append(sighting)
    return [_in_order(own) for own in passes]


def draw_walkers(count: int, *, twins: float, key: tuple[int, ...]) -> list[Walker]:
    """The persons with their manners of walking; twins first."""
    persons = draw_identities(count, twins_share=twins, rng=np.random.default_rng([*key, 0]))
    return [draw_walker(person, np.random.default_rng([*key, 1, number])) for number, person in enumerate(persons)]


def walks(
    town: Town,
    watches: Sequence[Watch],
    walkers: Sequence[Walker],
    *,
    recording: Recording,
    key: tuple[int, ...],
    first: int,
) -> Passes:
    """What the cameras see of the persons, who are numbered from ``first``."""
    rng = np.random.default_rng([*key, 2])
    passers = [Passer(first + number, size_of(walker), "person") for number, walker in enumerate(walkers)]

    def seen(person: int, legs: list[Leg]) -> list[Sighting]:
        return _sightings(town, watches, passer=passers[person], legs=legs, recording=recording, rng=rng)

    chosen = draw_walks(
        town,
        twin_pairs([bool(walker.person.differs) for walker in walkers]),
        persons=len(walkers),
        seconds=recording.seconds,
        seen=lambda person, legs: len(seen(person, legs)),
        rng=rng,
    )
    passes: Passes = [[] for _ in watches]
    for person, legs in enumerate(chosen):
        for sighting in seen(person, legs):
            passes[sighting.camera].append(sighting)
    return [_in_order(own) for own in passes]


def _sightings(
    town: Town,
    watches: Sequence[Watch],
    *,
    passer: Passer,
    legs: Sequence[Leg],
    recording: Recording,
    rng: np.random.Generator,
) -> list[Sighting]:
    """The passes of one individual; no two are of one camera."""
    at = {watch.post.street: watch for watch in watches}
    legs = [leg for leg in legs if leg.street in at]
    seen = [sight(at[leg.street], town, leg, passer=passer, recording=recording, rng=rng) for leg in legs]
    return [sighting for sighting in seen if sighting is not None]


def _in_order(passes: Sequence[Sighting]) -> list[Sighting]:
    return sorted(passes, key=lambda sighting: (int(sighting.frames[0]), sighting.individual))
