"""Scores of every query in every trial, and what they come to.

Q = queries, T = trials that evaluated any.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reseen.metrics.average_precision import Heights, average_precisions, cumulative_matches, inverse_negative_penalties
from reseen.metrics.kernels.segments import Rows
from reseen.metrics.ranking.cosine import HitsOfTrial, Ranked
from reseen.metrics.selection.trials import Trial

Values = NDArray[np.float64]


class Scored(NamedTuple):
    """Values of each query in each trial, all (T, Q); NaN, and 0 in the hits, where a trial did not evaluate it."""

    precisions: Values
    penalties: Values
    first_hits: Rows

    def of_trials(self, values: Values) -> Values:
        """(T, Q) -> (T,) mean over the queries of each trial."""
        return _mean(values, self.first_hits > 0, axis=1)

    def of_queries(self, values: Values) -> Values:
        """(T, Q) -> (Q,) mean over the trials that evaluated each query, NaN where none did."""
        return _mean(values, self.first_hits > 0, axis=0)

    def cmc(self, length: int) -> Values:
        """(length,) mean of the trials' curves."""
        curves = [cumulative_matches(hits[hits > 0], length=length) for hits in self.first_hits]
        return np.asarray(np.mean(curves, axis=0))


def score(
    trials: Iterable[Trial],
    hits: HitsOfTrial,
    *,
    queries: int,
    heights: Heights,
    depth: int | None,
) -> Scored:
    """Rank in every trial; those that evaluate no query at all are left out."""
    scored = [
        row
        for row in (_score_trial(hits(trial), queries=queries, heights=heights, depth=depth) for trial in trials)
        if row.first_hits.any()
    ]
    if not scored:
        return Scored(np.empty((0, queries)), np.empty((0, queries)), np.empty((0, queries), dtype=np.int64))
    precisions, penalties, first_hits = (np.concatenate(values) for values in zip(*scored, strict=True))
    return Scored(precisions, penalties, first_hits)


def _score_trial(hits: Iterable[Ranked], *, queries: int, heights: Heights, depth: int | None) -> Scored:
    shape = (1, queries)
    scored = Scored(np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape, dtype=np.int64))
    for rows, found in hits:
        scored.precisions[0, rows] = average_precisions(found, heights, depth=depth)
        scored.penalties[0, rows] = inverse_negative_penalties(found)
        scored.first_hits[0, rows] = found.ranks[found.first[:-1]]
    return scored


def _mean(values: Values, counts: NDArray[np.bool_], *, axis: int) -> Values:
    """The mean of what counts along the axis, NaN where nothing does."""
    total, number = np.where(counts, values, 0).sum(axis=axis), counts.sum(axis=axis)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)
