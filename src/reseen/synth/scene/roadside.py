"""Street furniture placed near the kerb: lamps and trees at even distances, the rest here and there."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from reseen.synth.scene.furniture import bicycle, bin_, bollard, lamp, sign, traffic_light
from reseen.synth.scene.greenery import tree
from reseen.synth.scene.roadway import END, NOWHERE, SIDES, Roadway
from reseen.synth.scene.thing import Thing, placed


class Pavement(NamedTuple):
    """One side of the street, 0 left or 1 right."""

    side: int
    roadway: Roadway

    @property
    def kerb(self) -> float:
        """|y| of what stands at the kerb."""
        return self.roadway.half + 0.45

    @property
    def wall(self) -> float:
        """|y| of the pavement's other edge."""
        return self.roadway.half + self.roadway.pavement[self.side]

    def put(self, made: list[Thing], *, x: float, away: float, heading: float = 0.0) -> list[Thing]:
        """The things at ``x`` and |y| ``away``, or nothing where the street across runs."""
        free = abs(x - self.roadway.junction) > self.roadway.across + 0.6
        return placed(made, at=(x, SIDES[self.side] * away), heading=heading) if free else []


def furnish(pavement: Pavement, rng: np.random.Generator) -> list[Thing]:
    """All that stands on one pavement."""
    return [thing for kind in KINDS for thing in kind(pavement, rng)]


def _lamps(on: Pavement, rng: np.random.Generator) -> Iterable[Thing]:
    if rng.random() < 0.75:
        for x in _even(rng, 16, 30):
            yield from on.put(lamp(rng), x=x, away=on.kerb, heading=180.0 * (1 - on.side))


def _trees(on: Pavement, rng: np.random.Generator) -> Iterable[Thing]:
    if rng.random() < 0.45:
        for x in _even(rng, 7, 14):
            yield from on.put(tree(float(rng.uniform(4.5, 9)), rng), x=x + 1.5, away=max(on.kerb + 0.45, on.wall - 0.6))


def _signs(on: Pavement, rng: np.random.Generator) -> Iterable[Thing]:
    for x in rng.uniform(6, 60, int(rng.integers(1, 5))):
        askew = float(rng.normal(0, 8))
        yield from on.put(sign(rng), x=float(x), away=on.kerb, heading=180.0 * (1 - on.side) + askew)


def _bins(on: Pavement, rng: np.random.Generator) -> Iterable[Thing]:
    for x in rng.uniform(5, 40, int(rng.integers(0, 3))):
        yield from on.put(bin_(rng), x=float(x), away=on.wall - 0.5, heading=90.0 * float(rng.integers(4)))


def _bicycles(on: Pavement, rng: np.random.Generator) -> Iterable[Thing]:
    if rng.random() < 0.45:
        start = float(rng.uniform(5, 22))
        for k in range(int(rng.integers(1, 6))):
            askew = float(rng.normal(75, 12))
            yield from on.put(bicycle(rng), x=start + 0.75 * k, away=on.wall - 1.0, heading=askew)


def _bollards(on: Pavement, rng: np.random.Generator) -> Iterable[Thing]:
    if rng.random() < 0.3:
        start = float(rng.uniform(4, 25))
        for k in range(int(rng.integers(3, 9))):
            yield from on.put(bollard(rng), x=start + 1.6 * k, away=on.kerb - 0.15)


def _lights(on: Pavement, rng: np.random.Generator) -> Iterable[Thing]:
    """At a crossing: one for each direction, and on the far side a second one for who drives along +x."""
    if on.roadway.zebra != NOWHERE and rng.random() < 0.8:
        yield from on.put(traffic_light(rng), x=on.roadway.zebra - 2.3, away=on.kerb, heading=180.0 * (1 - on.side))
        if on.side == 0:
            yield from on.put(traffic_light(rng), x=on.roadway.zebra + 2.3, away=on.kerb)


KINDS: tuple[Callable[[Pavement, np.random.Generator], Iterable[Thing]], ...] = (
    _lamps,
    _trees,
    _signs,
    _bins,
    _bicycles,
    _bollards,
    _lights,
)
"""What a pavement is furnished with, in the order in which it is drawn."""


def _even(rng: np.random.Generator, low: float, high: float) -> list[float]:
    """Places along the street at one distance between ``low`` and ``high`` metres."""
    step = float(rng.uniform(low, high))
    return [float(x) for x in np.arange(float(rng.uniform(3, 3 + step)), END, step)]
