"""Judges similarities: the log odds that two near records show one individual, as a straight line.

The line comes from the first of these that says enough: the names in the gallery, the model's calibration, or the
gallery's own pairs without any names, which give no calibrated probability. E = pairs of records.
"""

import math
from typing import NamedTuple

import numpy as np

from reseen.metrics.array_types import Bools, Float32, Float64, Int64
from reseen.retrieval.discover.neighbours import NearRecords, Records
from reseen.retrieval.discover.two_kinds import find_two_kinds
from reseen.retrieval.schema import GalleryModel

_FEWEST = 20
"""Pairs of either kind among the named records, from which they judge."""
_FALSE_ALARMS = 0.01
"""The share of strangers that is taken to reach a search threshold, which does not say its own: calibrate's default."""
_TAKEN = ", which strangers are taken to reach once in a hundred searches"
_PAIRS = "this gallery's own pairs, without names or calibration: similarities only, no probabilities"
_ALIKE = (
    "this gallery's own pairs, in which strangers look as similar as individuals do: name some records, calibrate, or "
    "use a better network"
)
_MOST = 8.0
"""Nats beyond which no probability is told."""
_ROUNDS = 50


class Judge(NamedTuple):
    """Log odds are ``slope`` times what a similarity is above ``level``, which has even odds.

    ``splits``: whether a similarity below the level speaks for two individuals; a level that is only cautious does not.
    """

    level: float
    slope: float
    calibrated: bool
    source: str
    splits: bool = True

    def evidence(self, similarity: Float64 | Float32 | float) -> Float64:
        """(E,) similarities -> (E,) nats; above 0 for one individual."""
        return np.asarray(self.slope * (np.asarray(similarity, dtype=np.float64) - self.level), dtype=np.float64)

    def similarity(self, evidence: float) -> float:
        """The similarity with so much evidence."""
        return self.level + evidence / self.slope

    def probability(self, evidence: float) -> float | None:
        """Of so much evidence; None where nothing is calibrated.

        >>> Judge(0.5, 10.0, calibrated=True, source="").probability(0.0)
        0.5
        """
        return 1 / (1 + math.exp(-min(max(evidence, -_MOST), _MOST))) if self.calibrated else None


def judge_records(records: Records, near: NearRecords, *, model: GalleryModel) -> Judge:
    """The judge of a gallery whose vectors are of this model, with its thresholds."""
    by_names = _by_names(near, records.identity)
    return by_names or by_calibration(model, records=len(records.vectors)) or _by_pairs(records, near)


def by_calibration(model: GalleryModel, *, records: int) -> Judge | None:
    """From the search threshold; None where there is none, or its calibration did not say how strangers thin out.

    A stranger is taken to reach the threshold once in a hundred searches, whatever share the calibration was made for,
    and e times more rarely each ``doubling / log 2`` above it (`metrics/verification/identification.py`). An individual
    that is there is taken to lie anywhere between the threshold of two images and 1 alike, and to be there as likely as
    not.
    """
    search = model.search
    if search is None or search.doubling <= 0 or not search.records:
        return None
    threshold, scale = search.at(records), search.doubling / math.log(2)
    width = 1 - min(threshold, threshold if model.threshold is None else model.threshold)
    at_threshold = math.log(scale / (_FALSE_ALARMS * max(width, scale)))
    return Judge(threshold - scale * at_threshold, 1 / scale, calibrated=True, source=search.describe(records) + _TAKEN)


def _by_names(near: NearRecords, identity: Int64) -> Judge | None:
    """From neighbours that both have names: a logistic line through which of them have the same."""
    first, second, similarity = near.pairs()
    named = (identity[first] >= 0) & (identity[second] >= 0)
    same = identity[first[named]] == identity[second[named]]
    if min(same.sum(), (~same).sum()) < _FEWEST:
        return None
    level, slope = _logistic(similarity[named].astype(np.float64), same)
    if slope <= 0:
        return None
    source = f"the names of this gallery: {int(same.sum()):,} near pairs of one identity, {int((~same).sum()):,} of two"
    return Judge(level, slope, calibrated=True, source=source)


def _by_pairs(records: Records, near: NearRecords) -> Judge:
    found = find_two_kinds(near.similarity, vectors=records.vectors)
    if found is None:
        return Judge(1.0, 1.0, calibrated=False, source="too few records to judge by")
    source = _PAIRS if found.apart else _ALIKE
    return Judge(found.level, found.slope, calibrated=False, source=source, splits=found.apart)


def _logistic(similarity: Float64, same: Bools) -> tuple[float, float]:
    """Level and slope of the logistic line, by Newton's steps; Platt's targets keep it finite (Platt, 1999)."""
    right, wrong = float(same.sum()), float((~same).sum())
    target = np.where(same, (right + 1) / (right + 2), 1 / (wrong + 2))
    centre, spread = float(similarity.mean()), max(float(similarity.std()), 1e-6)
    scaled = np.stack([np.ones_like(similarity), (similarity - centre) / spread], axis=1)
    weights = np.array([math.log((right + 1) / (wrong + 1)), 0.0])
    for _ in range(_ROUNDS):
        share = 1 / (1 + np.exp(-np.clip(scaled @ weights, -30, 30)))
        curve = scaled.T @ (scaled * np.maximum(share * (1 - share), 1e-9)[:, None]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(curve, scaled.T @ (target - share))
        weights = weights + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-8:
            break
    slope = float(weights[1]) / spread
    return (centre - float(weights[0]) / slope if slope else centre), slope
