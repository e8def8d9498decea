"""The curve against scikit-learn's, and thresholds at their definitions."""

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from reseen.metrics.verification.pair_counts import STEPS
from reseen.metrics.verification.roc import Curve


@pytest.fixture
def scores():
    """Genuine and impostor similarities that overlap, on the thresholds' grid."""
    generator = np.random.default_rng(0)
    raw = generator.normal(0.5, 0.2, size=700), generator.normal(0.0, 0.2, size=9000)
    return tuple(np.floor(values.clip(-1, 1) * STEPS) / STEPS for values in raw)


def curve_of(genuine, impostor) -> Curve:
    edges = np.arange(-STEPS, STEPS + 2) / STEPS
    return Curve.of(*(np.histogram(values, bins=edges)[0] for values in (genuine, impostor)))


def test_every_point_stands_on_sklearns_curve(scores):
    genuine, impostor = scores
    labels = np.repeat([1, 0], [len(genuine), len(impostor)])
    accepts, detections, thresholds = roc_curve(labels, np.concatenate(scores), drop_intermediate=False)
    points = curve_of(genuine, impostor).points()
    assert 100 <= len(points.thresholds) <= 200
    # scikit-learn's thresholds descend; the rates at ours are those at the lowest of its thresholds not below ours.
    place = np.searchsorted(-thresholds, -np.array(points.thresholds), side="right") - 1
    assert points.false_accept_rates == pytest.approx(accepts[place], abs=1e-12)
    assert points.false_reject_rates == pytest.approx(1 - detections[place], abs=1e-12)


@pytest.mark.parametrize("wanted", [0.5, 0.1, 1e-3, 0.9999])
def test_the_threshold_is_the_lowest_that_keeps_the_rate(scores, wanted):
    genuine, impostor = scores
    threshold = curve_of(genuine, impostor).lowest_threshold(wanted)
    assert np.mean(impostor >= threshold) <= wanted < np.mean(impostor >= threshold - 1 / STEPS)


def test_a_false_accept_rate_that_is_met_exactly_is_kept():
    """29 of 100, which 0.29 * 100 in float64 falls short of: the 30th from the top stays out."""
    assert curve_of([0.5], np.arange(100) / 128).lowest_threshold(0.29) == 70 / 128 + 1 / STEPS


def test_equal_error_against_sklearn(scores):
    """Where the straight lines between scikit-learn's points cross the diagonal, but for one pair of either kind."""
    labels = np.repeat([1, 0], [len(side) for side in scores])
    accepts, detections, thresholds = roc_curve(labels, np.concatenate(scores), drop_intermediate=False)
    difference = accepts - (1 - detections)
    expected = np.interp(0, difference, accepts)
    found = curve_of(*scores).equal_error()
    assert found.rate == pytest.approx(expected, abs=1 / 9000 + 1 / 700)
    assert found.threshold == pytest.approx(thresholds[np.argmin(np.abs(difference))], abs=1e-3)


def test_the_equal_error_rate_within_a_jump_of_both_rates():
    """Three of four genuine pairs at 0.5, one impostor of five above: between them rejects go from 0 to 3/4."""
    found = curve_of([0.5, 0.5, 0.5, 0.75], [0.0, 0.0, 0.0, 0.0, 0.625]).equal_error()
    assert found.rate == pytest.approx(0.2, abs=1e-12)
    assert found.threshold == 0.5


def test_equal_error_of_sides_apart_lies_half_way():
    found = curve_of(np.full(3, 0.75), np.full(5, 0.25)).equal_error()
    assert found.rate == 0
    assert found.threshold == pytest.approx(0.5, abs=1 / STEPS)


def test_a_moved_rate_moves_the_equal_error_rate():
    """Uniform on [0, 1] and on [-1/2, 1/2]: rejects t, accepts 1/2 - t; with accepts 0.1 more they meet at 0.3."""
    even = (np.arange(STEPS) + 0.5) / STEPS
    curve = curve_of(even, even - 0.5)
    assert curve.equal_error().rate == pytest.approx(0.25, abs=1e-5)
    assert curve.equal_error(accepts_moved=0.1).rate == pytest.approx(0.30, abs=1e-5)
    assert curve.equal_error(rejects_moved=-0.1).rate == pytest.approx(0.20, abs=1e-5)
