"""Evidence that two sightings are one individual: of their appearance and of the time between them, in nats.

E = pairs of sightings. 0 is even odds; the sum of both kinds is a log of odds.
"""

from dataclasses import dataclass

import numpy as np

from reseen.linking.calibration import Kind, calibrate
from reseen.linking.candidates import Candidates
from reseen.linking.layout import Layout
from reseen.linking.mixture import Mixture, fit, share_of
from reseen.linking.travel import Travel, as_travel, evidence, learn, ways
from reseen.linking.usual import Usual, at_large
from reseen.metrics.array_types import Float64, Int64

_CONFIDENT = 2.0
"""Nats from which a pair teaches the travel times of its way: odds of 7 to 1."""
_LEAST = -2.5
"""Nats: no single pair says more against, as one of an individual's tracks may always be a bad one."""
_UNLIKELY = 0.02
"""How likely a pair is at first that is not each other's best."""


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
        return self.of_contrast(cosine - (self.level[first] + self.level[second]) / 2, first, second)

    def of_contrast(self, contrast: np.ndarray, first: Int64, second: Int64) -> Float64:
        """The same for contrasts that are known."""
        same = self.layout.camera[first] == self.layout.camera[second]
        contrast = contrast.astype(np.float64)
        seen = np.where(same, self.within.evidence(contrast), self.across.evidence(contrast))
        return np.maximum(seen + evidence(self.travel, ways(self.layout, first, second)), _LEAST)


def judge(layout: Layout, pairs: Candidates, *, learn_times: bool = True) -> Evidence:
    """Fit right and wrong pairs by their contrasts, then contrasts and travel times together."""
    same = layout.camera[pairs.first] == layout.camera[pairs.second]
    contrast = pairs.contrast.astype(np.float64)
    across, within = (fit(contrast[kind & pairs.mutual], contrast[kind & pairs.runner_up]) for kind in (~same, same))
    large = at_large(layout)
    nats = [np.zeros(large.share.shape[1])] * 2
    if not learn_times:
        usual = Usual(large.edges, np.stack(nats))
        return Evidence(layout, across, within, as_travel({}, cameras=len(layout.names), usual=usual), pairs.level)
    paths = ways(layout, pairs.first, pairs.second)
    curves = [across, within]
    for place, kind in enumerate((~same, same)):
        likely = np.where(pairs.mutual[kind], share_of(curves[place].evidence(contrast[kind])), _UNLIKELY)
        of_kind = Kind(contrast[kind], paths.seconds[kind], within=bool(place))
        curves[place], nats[place] = calibrate(of_kind, curves[place], large, likely=likely)
    usual = Usual(large.edges, np.stack(nats))
    seen = np.where(same, curves[1].evidence(contrast), curves[0].evidence(contrast))
    odds = seen + usual.evidence(paths.seconds, same)
    for place, kind in enumerate((~same, same)):
        if curves[place].separated and (kind & pairs.mutual).any():
            curves[place] = curves[place]._replace(share=float(share_of(odds[kind & pairs.mutual]).mean()))
    sure = np.where(pairs.mutual & (odds > _CONFIDENT), share_of(odds), 0.0)
    return Evidence(layout, curves[0], curves[1], learn(layout, paths, sure, usual=usual), pairs.level)
