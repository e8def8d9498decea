"""The mix of queries: from the best to the worst at even steps, whatever was skipped."""

import numpy as np
import pytest

from reseen.draw import changed_queries, pick_queries, worst_queries
from reseen.metrics import Embedded, Report, evaluate


def report_with(precisions: list[float]) -> Report:
    side = Embedded(np.eye(2), [1, 2])
    blank = evaluate(side, side, protocol="wildlife")
    return Report(**{**vars(blank), "average_precisions": np.array(precisions)})


def test_queries_are_picked_from_best_to_worst():
    report = report_with([0.5, np.nan, 0.1, 1.0, 0.9, np.nan, 0.3])
    assert pick_queries(report, count=1) == [3]
    assert pick_queries(report, count=2) == [3, 2]
    assert pick_queries(report, count=3) == [3, 0, 2]
    assert pick_queries(report, count=5) == pick_queries(report, count=50) == [3, 4, 0, 6, 2]


def test_ties_are_picked_in_query_order():
    assert pick_queries(report_with([1.0, 0.5, 1.0, 0.5]), count=4) == [0, 2, 1, 3]


def test_a_count_of_none_is_a_wrong_call():
    with pytest.raises(ValueError, match="count: expected at least 1, got 0"):
        pick_queries(report_with([1.0]), count=0)


def test_the_worst_queries_are_one_per_identity_and_never_perfect():
    report = report_with([0.5, np.nan, 0.1, 1.0, 0.2, 0.3, 0.1])
    identities = ["a", "a", "b", "c", "b", "d", "e"]
    assert worst_queries(report, identities) == [2, 6, 5, 0]
    assert worst_queries(report, identities, count=2) == [2, 6]
    assert worst_queries(report_with([1.0, 1.0]), ["a", "b"]) == []


def test_changed_queries_are_one_per_identity_either_way():
    first = report_with([0.5, 0.5, 0.9, 0.2, np.nan, 0.4])
    second = report_with([0.7, 0.9, 0.1, 0.2, np.nan, 0.3])
    identities = ["a", "a", "b", "c", "d", "e"]
    assert changed_queries(first, second, identities) == ([1], [2, 5])
    assert changed_queries(second, first, identities, count=1) == ([2], [1])
    assert changed_queries(first, first, identities) == ([], [])
    with pytest.raises(ValueError, match="expected reports of the same queries, got 6 and 1"):
        changed_queries(first, report_with([1.0]), identities)
