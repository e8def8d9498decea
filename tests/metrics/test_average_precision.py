"""Average precisions against scikit-learn and by hand, CMC and INP by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import auc, average_precision_score, precision_recall_curve

from reseen.metrics.average_precision import (
    AVERAGE_PRECISIONS,
    average_precisions,
    cumulative_matches,
    inverse_negative_penalties,
    old_sklearn,
    rectangle,
    trapezoid,
)
from reseen.metrics.ranking.ranks import Hits


def hits_of(*queries: tuple[np.ndarray, np.ndarray]) -> Hits:
    """The Hits of queries given as (scores, relevant), each rank counted from the definition."""
    rows, first = [], [0]
    for scores, relevant in queries:
        mine = []
        for row in np.flatnonzero(relevant):
            earlier = int((scores[:row] == scores[row]).sum())
            beaten_by = int((scores > scores[row]).sum())
            mine.append((beaten_by + earlier + 1, beaten_by, int((scores == scores[row]).sum())))
        rows += sorted(mine)
        first.append(len(rows))
    ranks, beaten_by, tied = np.array(rows).T
    return Hits(first=np.array(first), ranks=ranks, beaten_by=beaten_by, tied=tied)


def at_ranks(*ranks: int) -> Hits:
    return Hits(np.array([0, len(ranks)]), np.array(ranks), np.array(ranks) - 1, np.ones(len(ranks), dtype=np.int64))


def one(precision_rule, hits: Hits, **depth) -> float:
    (score,) = average_precisions(hits, precision_rule, **depth)
    return float(score)


relevance = st.lists(st.booleans(), min_size=1, max_size=40).filter(any).map(np.array)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(relevant=relevance, seed=st.integers(0, 2**32 - 1))
def test_rectangle_is_scikit_learns_without_ties(relevant: np.ndarray, seed: int):
    scores = np.random.default_rng(seed).permutation(len(relevant)).astype(float)
    expected = average_precision_score(relevant, scores)
    assert one(rectangle, hits_of((scores, relevant))) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(relevant=relevance, seed=st.integers(0, 2**32 - 1), levels=st.integers(1, 8))
def test_old_sklearn_is_the_area_under_scikit_learns_curve(relevant: np.ndarray, seed: int, levels: int):
    scores = np.random.default_rng(seed).integers(0, levels, len(relevant)).astype(float)
    precision, recall, _ = precision_recall_curve(relevant, scores)
    assert one(old_sklearn, hits_of((scores, relevant))) == pytest.approx(auc(recall, precision), abs=1e-12)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(relevant=relevance)
def test_trapezoid_is_old_sklearn_without_ties(relevant: np.ndarray):
    hits = hits_of((-np.arange(len(relevant), dtype=float), relevant))
    assert one(trapezoid, hits) == pytest.approx(one(old_sklearn, hits), abs=1e-12)


@pytest.mark.parametrize("name", sorted(AVERAGE_PRECISIONS))
def test_queries_together_score_as_each_alone(name: str):
    rng = np.random.default_rng(0)
    queries = [(rng.integers(0, 6, 30).astype(float), np.append(rng.random(29) < 0.3, True)) for _ in range(50)]
    together = average_precisions(hits_of(*queries), AVERAGE_PRECISIONS[name], depth=9)
    alone = [one(AVERAGE_PRECISIONS[name], hits_of(query), depth=9) for query in queries]
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-14)
    penalties = [inverse_negative_penalties(hits_of(query))[0] for query in queries]
    np.testing.assert_array_equal(inverse_negative_penalties(hits_of(*queries)), penalties)


def test_average_precisions_by_hand():
    # Hits at ranks 2 and 5. Precision before and at each: 0/1 and 1/2; 1/4 and 2/5.
    hits = at_ranks(2, 5)
    assert one(rectangle, hits) == pytest.approx((1 / 2 + 2 / 5) / 2)
    assert one(trapezoid, hits) == pytest.approx(((0 + 1 / 2) / 2 + (1 / 4 + 2 / 5) / 2) / 2)
    assert inverse_negative_penalties(hits).tolist() == [2 / 5]


def test_a_match_past_the_depth_adds_nothing_and_still_counts():
    assert one(rectangle, at_ranks(1, 100, 101), depth=100) == pytest.approx((1 + 2 / 100 + 0) / 3)
    assert one(rectangle, at_ranks(101), depth=100) == 0


@pytest.mark.parametrize("name", sorted(AVERAGE_PRECISIONS))
def test_a_perfect_ranking_scores_one_and_a_worse_one_less(name: str):
    precision_rule = AVERAGE_PRECISIONS[name]
    assert one(precision_rule, at_ranks(1, 2, 3)) == pytest.approx(1.0)
    assert one(precision_rule, at_ranks(1, 2, 4)) < 1.0
    assert one(precision_rule, at_ranks(4, 5, 6)) < one(precision_rule, at_ranks(1, 5, 6))


def test_cumulative_matches_by_hand():
    curve = cumulative_matches(np.array([1, 3, 3, 9]), length=5)
    assert curve.tolist() == [0.25, 0.25, 0.75, 0.75, 0.75]
