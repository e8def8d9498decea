"""Identities of vehicles, and which of them are twins."""

from dataclasses import dataclass, replace

import numpy as np

from reseen.synth.vehicle.marks import Mark, draw_marks
from reseen.synth.vehicle.paint import Coat, draw_coat
from reseen.synth.vehicle.proportions import BODY_TYPES, Proportions, draw_proportions
from reseen.synth.vehicle.trim import Trim, draw_trim


@dataclass(frozen=True)
class Vehicle:
    """One individual: its model (kind, size, trim), its paint, and what is its own (marks, dirt).

    ``twin``: there is another of the same model and paint.
    """

    kind: str
    size: Proportions
    trim: Trim
    coat: Coat
    livery: Coat
    marks: tuple[Mark, ...]
    dirt: float
    twin: bool


def draw_identities(count: int, *, twins_share: float, rng: np.random.Generator) -> list[Vehicle]:
    """``count`` vehicles; ``twins_share`` of them, rounded down to whole pairs, stand as pairs (2k, 2k + 1) first."""
    pairs = int(count * twins_share) // 2
    vehicles = []
    for _ in range(pairs):
        one = _draw(rng)
        other = replace(one, marks=draw_marks(one.kind, rng), dirt=float(rng.uniform(0, 0.5)))
        vehicles += [replace(one, twin=True), replace(other, twin=True)]
    return vehicles + [_draw(rng) for _ in range(count - 2 * pairs)]


def _draw(rng: np.random.Generator) -> Vehicle:
    kinds = list(BODY_TYPES)
    shares = np.asarray([BODY_TYPES[kind].share for kind in kinds])
    kind = kinds[int(rng.choice(len(kinds), p=shares / shares.sum()))]
    white = Coat("white", (0.86, 0.86, 0.85), 0.3)
    return Vehicle(
        kind=kind,
        size=draw_proportions(kind, rng),
        trim=draw_trim(kind, rng),
        coat=draw_coat(rng),
        livery=white if rng.random() < 0.6 else draw_coat(rng),
        marks=draw_marks(kind, rng),
        dirt=float(rng.uniform(0, 0.5)),
        twin=False,
    )
