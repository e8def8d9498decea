"""What is drawn before anything is rendered: the town, its cameras and traffic, and what the tracker makes of it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from reseen.errors import ReseenError
from reseen.synth.crossing.gait import Walker
from reseen.synth.crossing.noise import Detection, TrackerNoise, follow
from reseen.synth.crossing.town import Town, draw_posts, draw_town
from reseen.synth.crossing.traffic import Passes, draw_walkers, drives, walks
from reseen.synth.crossing.watch import Recording, Sighting, Watch, draw_watch
from reseen.synth.vehicle.cameras import stations
from reseen.synth.vehicle.identity import Vehicle, draw_identities


class Scenario(NamedTuple):
    """The town and its traffic.

    ``individuals``: vehicles, then persons; ``vehicles``: how many of them are vehicles. ``numbers``: the identities of
    those that two cameras saw; ``passes`` and ``found`` by camera.
    """

    town: Town
    watches: tuple[Watch, ...]
    individuals: Sequence[Vehicle | Walker]
    vehicles: int
    numbers: dict[int, int]
    passes: Passes
    found: list[list[Detection]]

    def kind(self, individual: int) -> str:
        """What an individual is."""
        return "vehicle" if individual < self.vehicles else "person"


def draw_scenario(settings: Mapping[str, float], noise: TrackerNoise) -> Scenario:
    """The scenario of a set's settings. ReseenError where nobody passes two cameras."""
    cameras, recording = int(settings["cameras"]), Recording(settings["rate"], 60 * settings["minutes"])
    key = (int(settings["seed"]), 2)
    rng = np.random.default_rng([*key, 0])
    town = draw_town(cameras, rng)
    watches = _watches(town, cameras, rng)
    count = int(settings["vehicles"])
    vehicles = draw_identities(count, twins_share=settings["twins"], rng=np.random.default_rng([*key, 1]))
    driven = drives(town, watches, vehicles, recording=recording, key=key)
    walkers = draw_walkers(int(settings.get("persons", 0)), twins=settings["twins"], key=(*key, 6))
    walked = walks(town, watches, walkers, recording=recording, key=(*key, 6), first=count)
    passes = [[*own, *on_foot] for own, on_foot in zip(driven, walked, strict=True)]
    numbers = [*np.random.default_rng([*key, 3]).permutation(count) + 1]
    numbers += [*np.random.default_rng([*key, 6, 3]).permutation(len(walkers)) + 1 + count]
    several = {individual: int(numbers[individual]) for individual in _seen_by_two(passes)}
    if not several:
        raise ReseenError("nobody passes two cameras in that time; ask for more minutes, individuals or cameras")
    found = [
        _found(watch, on_road, on_foot, noise=noise, key=key)
        for watch, on_road, on_foot in zip(watches, driven, walked, strict=True)
    ]
    return Scenario(town, watches, [*vehicles, *walkers], count, several, passes, found)


def _found(
    watch: Watch, driven: list[Sighting], walked: list[Sighting], *, noise: TrackerNoise, key: tuple[int, ...]
) -> list[Detection]:
    """The tracks of one camera: of vehicles, then of persons."""
    camera = watch.number
    found = follow(watch, driven, noise, rng=np.random.default_rng([*key, 4, camera]))
    first = 1 + max((detection.track for detection in found), default=0)
    rng = np.random.default_rng([*key, 6, 4, camera])
    return found + follow(watch, walked, noise, rng=rng, kind="person", first=first)


def _seen_by_two(passes: Passes) -> list[int]:
    """The individuals that at least two cameras saw, in the order in which they were first."""
    seen: dict[int, set[int]] = defaultdict(set)
    for sighting in (own for camera in passes for own in camera):
        seen[sighting.individual].add(sighting.camera)
    return [individual for individual, where in seen.items() if len(where) > 1]


def _watches(town: Town, cameras: int, rng: np.random.Generator) -> tuple[Watch, ...]:
    posts = draw_posts(town, cameras, rng)
    kinds = [station for _ in range(-(-cameras // 20)) for station in stations(rng)]
    chosen = [kinds[int(k)] for k in rng.permutation(len(kinds))[:cameras]]
    return tuple(
        draw_watch(number, post, station, rng=rng)
        for number, (post, station) in enumerate(zip(posts, chosen, strict=True))
    )
