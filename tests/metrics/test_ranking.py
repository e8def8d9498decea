"""Average precisions against scikit-learn and by hand, CMC and INP by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import auc, average_precision_score, precision_recall_curve

from reseen.metrics.counting import Hits
from reseen.metrics.ranking import (
    AVERAGE_PRECISIONS,
    cumulative_matches,
    inverse_negative_penalty,
    old_sklearn,
    rectangle,
    trapezoid,
)


def hits_of(scores: np.ndarray, relevant: np.ndarray) -> Hits:
    """The Hits of one query, each rank counted from the definition."""
    rows = []
    for row in np.flatnonzero(relevant):
        earlier = int((scores[:row] == scores[row]).sum())
        beaten_by = int((scores > scores[row]).sum())
        rows.append((beaten_by + earlier + 1, beaten_by, int((scores == scores[row]).sum())))
    ranks, beaten_by, tied = np.array(sorted(rows)).T
    return Hits(ranks=ranks, beaten_by=beaten_by, tied=tied)


def at_ranks(*ranks: int) -> Hits:
    return Hits(ranks=np.array(ranks), beaten_by=np.array(ranks) - 1, tied=np.ones(len(ranks), dtype=np.int64))


relevance = st.lists(st.booleans(), min_size=1, max_size=40).filter(any).map(np.array)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(relevant=relevance, seed=st.integers(0, 2**32 - 1))
def test_rectangle_is_scikit_learns_without_ties(relevant: np.ndarray, seed: int):
    scores = np.random.default_rng(seed).permutation(len(relevant)).astype(float)
    assert rectangle(hits_of(scores, relevant)) == pytest.approx(average_precision_score(relevant, scores), abs=1e-12)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(relevant=relevance, seed=st.integers(0, 2**32 - 1), levels=st.integers(1, 8))
def test_old_sklearn_is_the_area_under_scikit_learns_curve(relevant: np.ndarray, seed: int, levels: int):
    scores = np.random.default_rng(seed).integers(0, levels, len(relevant)).astype(float)
    precision, recall, _ = precision_recall_curve(relevant, scores)
    assert old_sklearn(hits_of(scores, relevant)) == pytest.approx(auc(recall, precision), abs=1e-12)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(relevant=relevance)
def test_trapezoid_is_old_sklearn_without_ties(relevant: np.ndarray):
    hits = hits_of(-np.arange(len(relevant), dtype=float), relevant)
    assert trapezoid(hits) == pytest.approx(old_sklearn(hits), abs=1e-12)


def test_by_hand():
    # Hits at ranks 2 and 5. Precision before and at each: 0/1 and 1/2; 1/4 and 2/5.
    hits = at_ranks(2, 5)
    assert rectangle(hits) == pytest.approx((1 / 2 + 2 / 5) / 2)
    assert trapezoid(hits) == pytest.approx(((0 + 1 / 2) / 2 + (1 / 4 + 2 / 5) / 2) / 2)
    assert inverse_negative_penalty(hits) == pytest.approx(2 / 5)


@pytest.mark.parametrize("name", sorted(AVERAGE_PRECISIONS))
def test_a_perfect_ranking_scores_one_and_a_worse_one_less(name: str):
    precision = AVERAGE_PRECISIONS[name]
    assert precision(at_ranks(1, 2, 3)) == pytest.approx(1.0)
    assert precision(at_ranks(1, 2, 4)) < 1.0
    assert precision(at_ranks(4, 5, 6)) < precision(at_ranks(1, 5, 6))


def test_cumulative_matches_by_hand():
    curve = cumulative_matches(np.array([1, 3, 3, 9]), length=5)
    assert curve.tolist() == [0.25, 0.25, 0.75, 0.75, 0.75]
