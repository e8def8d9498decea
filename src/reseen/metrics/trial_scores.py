"""Scores of every query in every trial, and their means.

Q = queries, T = trials that evaluated any.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from reseen.metrics.array_types import Bools, Float64, Indices
from reseen.metrics.average_precision import (
    PrecisionRule,
    average_precisions,
    cumulative_matches,
    inverse_negative_penalties,
)
from reseen.metrics.ranking.cosine import HitsOfTrial, QueryHits
from reseen.metrics.ranking.trials import Trial


class TrialScores(NamedTuple):
    """Scores of each query in each trial, all (T, Q); NaN, and 0 in the hits, where a trial did not evaluate it."""

    precisions: Float64
    penalties: Float64
    first_hits: Indices

    def of_trials(self, values: Float64) -> Float64:
        """(T, Q) -> (T,) mean over the queries of each trial."""
        return _mean(values, self.first_hits > 0, axis=1)

    def of_queries(self, values: Float64) -> Float64:
        """(T, Q) -> (Q,) mean over the trials that evaluated each query, NaN where none did."""
        return _mean(values, self.first_hits > 0, axis=0)

    def cmc(self, length: int) -> Float64:
        """(length,) mean of the trials' curves."""
        curves = [cumulative_matches(hits[hits > 0], length=length) for hits in self.first_hits]
        return np.asarray(np.mean(curves, axis=0))


def score_trials(
    trials: Iterable[Trial],
    hits: HitsOfTrial,
    *,
    queries: int,
    precision_rule: PrecisionRule,
    depth: int | None,
) -> TrialScores:
    """Rank and score every trial; trials that evaluate no query are left out."""
    scored = [
        scores
        for scores in (
            _score_trial(hits(trial), queries=queries, precision_rule=precision_rule, depth=depth) for trial in trials
        )
        if scores.first_hits.any()
    ]
    return TrialScores(*map(np.concatenate, zip(*(scored or [_no_scores(0, queries)]), strict=True)))


def _score_trial(
    hits: Iterable[QueryHits], *, queries: int, precision_rule: PrecisionRule, depth: int | None
) -> TrialScores:
    scores = _no_scores(1, queries)
    for rows, of_rows in hits:
        scores.precisions[0, rows] = average_precisions(of_rows, precision_rule, depth=depth)
        scores.penalties[0, rows] = inverse_negative_penalties(of_rows)
        scores.first_hits[0, rows] = of_rows.ranks[of_rows.first[:-1]]
    return scores


def _no_scores(trials: int, queries: int) -> TrialScores:
    shape = (trials, queries)
    return TrialScores(np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape, dtype=np.int64))


def _mean(values: Float64, counts: Bools, *, axis: int) -> Float64:
    """The mean along the axis of the values that count, NaN where none does."""
    total, number = np.where(counts, values, 0).sum(axis=axis), counts.sum(axis=axis)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)
