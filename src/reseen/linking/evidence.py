"""Evidence that two sightings are one individual: of their appearance and of the time between them, in nats.

E = pairs of sightings. 0 is even odds; the sum of both kinds is a log of odds.
"""

from dataclasses import dataclass

import numpy as np

from reseen.linking.candidates import Candidates, levels
from reseen.linking.layout import Layout
from reseen.linking.mixture import Mixture, fit
from reseen.linking.travel import Travel, as_travel, evidence, learn, ways
from reseen.metrics.array_types import Float64, Int64

_ROUNDS = 3
_CONFIDENT = 2.0
"""Nats from which a pair teaches travel times: odds of 7 to 1."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """How pairs of a layout are judged: ``across`` cameras, ``within`` one, by travel times and levels."""

    layout: Layout
    across: Mixture
    within: Mixture
    travel: Travel
    level: np.ndarray

    def of(self, first: Int64, second: Int64) -> Float64:
        """(E,), (E,) rows -> (E,) nats."""
        cosine = np.einsum("ed,ed->e", self.layout.vectors[first], self.layout.vectors[second])
        return self.of_contrast(cosine - levels(self.layout, self.level, first=first, second=second), first, second)

    def of_contrast(self, contrast: np.ndarray, first: Int64, second: Int64) -> Float64:
        """The same for contrasts that are known."""
        same = self.layout.camera[first] == self.layout.camera[second]
        contrast = contrast.astype(np.float64)
        seen = np.where(same, self.within.evidence(contrast), self.across.evidence(contrast))
        return np.asarray(seen + evidence(self.travel, ways(self.layout, first, second)), dtype=np.float64)


def judge(layout: Layout, pairs: Candidates, *, learn_times: bool = True) -> Evidence:
    """Fit appearance and travel times in turns, each to what the other makes likely."""
    same = layout.camera[pairs.first] == layout.camera[pairs.second]
    paths = ways(layout, pairs.first, pairs.second)
    times = as_travel({}, cameras=len(layout.names))
    extra = np.zeros(len(pairs.first))
    contrast, wrong = pairs.contrast.astype(np.float64), pairs.wrong.astype(np.float64)
    across = within = fit(np.empty(0), np.empty(0))
    for _ in range(_ROUNDS if learn_times else 1):
        across, within = (
            fit(contrast[kind & pairs.mutual], wrong[kind[pairs.of_wrong]], extra=extra[kind & pairs.mutual])
            for kind in (~same, same)
        )
        odds = np.where(same, within.evidence(contrast), across.evidence(contrast)) + extra
        sure = np.where(pairs.mutual & (odds > _CONFIDENT), 1 / (1 + np.exp(-odds)), 0.0)
        if learn_times:
            times = learn(layout, paths, sure)
            extra = evidence(times, paths)
    return Evidence(layout, across, within, times, pairs.level)
