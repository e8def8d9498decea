"""Open-set rates by hand, and against a loop over thresholds."""

import numpy as np
import pytest

from reseen.metrics.confidence.rates import clustered_rate
from reseen.metrics.verification.identification import identify
from reseen.metrics.verification.tally import STEPS, Best

NONE = -np.inf


def best_of(genuine, impostor, identities) -> Best:
    return Best(np.array(identities), *(np.array(values, dtype=np.float32) for values in (genuine, impostor)))


def test_by_hand():
    """One alarm in four is allowed, so the threshold lies just above the second nearest stranger, at 0.5."""
    best = best_of([0.9, 0.7, 0.5, 0.4], [0.3, 0.75, 0.5, 0.1], [0, 0, 1, 2])
    found = identify(best, false_alarm_rate=0.25)
    assert found.threshold == 0.5 + 1 / STEPS
    assert found.false_alarm_rate == clustered_rate(np.array([1, 0, 0]), np.array([2, 1, 1]))
    # 0.9 is named right; 0.7 loses to 0.75; 0.5 and 0.4 stay unknown.
    assert found.detection_rate == clustered_rate(np.array([1, 0, 0]), np.array([2, 1, 1]))
    assert (found.searches, found.enrolled) == (4, 4)


def test_a_tie_is_not_named_and_a_stranger_is_not_enrolled():
    found = identify(best_of([0.9, 0.8, NONE], [0.9, 0.1, 0.2], [0, 1, 2]), false_alarm_rate=0.9)
    assert (found.detection_rate.value, found.enrolled, found.searches) == (0.5, 2, 3)


def test_fewer_searches_than_the_rate_takes_allow_no_alarm():
    found = identify(best_of([0.9, 0.9], [0.25, 0.5], [0, 1]), false_alarm_rate=0.01)
    assert (found.threshold, found.false_alarm_rate.value) == (0.5 + 1 / STEPS, 0)
    assert found.false_alarm_rate.high == pytest.approx(1 - 0.025**0.5)


@pytest.mark.parametrize("wanted", [0.05, 0.3, 0.29, 0.999])
def test_against_a_loop_over_thresholds(wanted):
    generator = np.random.default_rng(0)
    genuine, impostor = generator.uniform(-1, 1, size=(2, 200)).astype(np.float32)
    found = identify(best_of(genuine, impostor, np.arange(200) // 4), false_alarm_rate=wanted)
    steps = np.unique(np.floor(impostor.astype(np.float64) * STEPS)) + 1
    lowest = min(step / STEPS for step in steps if sum(impostor >= step / STEPS) <= wanted * 200 + 1e-9)
    assert found.threshold == lowest
    named = [own >= lowest and own > other for own, other in zip(genuine, impostor, strict=True)]
    assert found.detection_rate.value == pytest.approx(sum(named) / 200)
    assert found.false_alarm_rate.value == pytest.approx(sum(impostor >= lowest) / 200)
