"""What is drawn before anything is rendered: the town, its cameras and traffic, and what the tracker makes of it."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reseen.errors import ReseenError
from reseen.synth.crossing.noise import Detection, TrackerNoise, follow
from reseen.synth.crossing.town import Town, draw_posts, draw_town
from reseen.synth.crossing.trips import draw_trips
from reseen.synth.crossing.watch import Passer, Recording, Sighting, Watch, draw_watch, sight
from reseen.synth.plan import twin_pairs
from reseen.synth.vehicle.cameras import stations
from reseen.synth.vehicle.identity import Vehicle, draw_identities


class Scenario(NamedTuple):
    """The town and its traffic; ``numbers`` of the vehicles that two cameras saw; ``passes``, ``found`` by camera."""

    town: Town
    watches: tuple[Watch, ...]
    vehicles: Sequence[Vehicle]
    numbers: dict[int, int]
    passes: list[list[Sighting]]
    found: list[list[Detection]]


def draw_scenario(settings: dict[str, float], noise: TrackerNoise) -> Scenario:
    """The scenario of a set's settings. ReseenError where no vehicle passes two cameras."""
    cameras, count, seconds = int(settings["cameras"]), int(settings["vehicles"]), 60 * settings["minutes"]
    key = (int(settings["seed"]), 2)
    rng = np.random.default_rng([*key, 0])
    town = draw_town(cameras, rng)
    watches = _watches(town, cameras, rng)
    vehicles = draw_identities(count, twins_share=settings["twins"], rng=np.random.default_rng([*key, 1]))
    passes = _passes(town, watches, vehicles, recording=Recording(settings["rate"], seconds), key=key)
    seen: dict[int, set[int]] = defaultdict(set)
    for sighting in (own for camera in passes for own in camera):
        seen[sighting.vehicle].add(sighting.camera)
    numbers = np.random.default_rng([*key, 3]).permutation(count) + 1
    several = {vehicle: int(numbers[vehicle]) for vehicle, where in seen.items() if len(where) > 1}
    if not several:
        raise ReseenError("no vehicle passes two cameras in that time; ask for more minutes, vehicles or cameras")
    found = [
        follow(watches[camera], passes[camera], noise, rng=np.random.default_rng([*key, 4, camera]))
        for camera in range(cameras)
    ]
    return Scenario(town, watches, vehicles, several, passes, found)


def _watches(town: Town, cameras: int, rng: np.random.Generator) -> tuple[Watch, ...]:
    posts = draw_posts(town, cameras, rng)
    kinds = [station for _ in range(-(-cameras // 20)) for station in stations(rng)]
    chosen = [kinds[int(k)] for k in rng.permutation(len(kinds))[:cameras]]
    return tuple(
        draw_watch(number, post, station, rng=rng)
        for number, (post, station) in enumerate(zip(posts, chosen, strict=True))
    )


def _passes(
    town: Town,
    watches: Sequence[Watch],
    vehicles: Sequence[Vehicle],
    *,
    recording: Recording,
    key: tuple[int, ...],
) -> list[list[Sighting]]:
    """What each camera sees, passes in the order in which they begin."""
    rng = np.random.default_rng([*key, 2])
    pairs = twin_pairs([vehicle.twin for vehicle in vehicles])
    at = {watch.post.street: camera for camera, watch in enumerate(watches)}
    trips = draw_trips(town, pairs, vehicles=len(vehicles), seconds=recording.seconds, watched={*at}, rng=rng)
    passes: list[list[Sighting]] = [[] for _ in watches]
    for vehicle, legs in enumerate(trips):
        shape = vehicles[vehicle].size
        passer = Passer(vehicle, (shape.length, shape.width, shape.height))
        for leg in legs:
            if leg.street in at:
                camera = at[leg.street]
                seen = sight(watches[camera], town, leg, passer=passer, recording=recording, rng=rng)
                passes[camera] += [] if seen is None else [seen]
    return [sorted(own, key=lambda sighting: (int(sighting.frames[0]), sighting.vehicle)) for own in passes]
