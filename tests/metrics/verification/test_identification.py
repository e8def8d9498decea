"""Open-set rates by hand, and against a loop over thresholds; what they become in larger galleries."""

import math

import numpy as np
import pytest

from reseen.deploy.search_threshold import SearchThreshold
from reseen.metrics import Embedded
from reseen.metrics.confidence.rates import clustered_rate
from reseen.metrics.verification.calibrate import calibrate
from reseen.metrics.verification.identification import identify, rise_per_doubling
from reseen.metrics.verification.pair_counts import STEPS, NearestPairs

NONE = -np.inf


def nearest_of(genuine, impostor, identities) -> NearestPairs:
    return NearestPairs(np.array(identities), *(np.array(values, dtype=np.float32) for values in (genuine, impostor)))


def test_identification_of_four_searches_by_hand():
    """One alarm in four is allowed, so the threshold lies just above the second nearest stranger, at 0.5."""
    nearest = nearest_of([0.9, 0.7, 0.5, 0.4], [0.3, 0.75, 0.5, 0.1], [0, 0, 1, 2])
    found = identify(nearest, false_alarm_rate=0.25)
    assert found.threshold == 0.5 + 1 / STEPS
    assert found.false_alarm_rate == clustered_rate(np.array([1, 0, 0]), np.array([2, 1, 1]))
    # 0.9 is named right; 0.7 loses to 0.75; 0.5 and 0.4 stay unknown.
    assert found.detection_rate == clustered_rate(np.array([1, 0, 0]), np.array([2, 1, 1]))
    assert (found.searches, found.enrolled) == (4, 4)


def test_a_tie_is_not_named_and_a_stranger_is_not_enrolled():
    found = identify(nearest_of([0.9, 0.8, NONE], [0.9, 0.1, 0.2], [0, 1, 2]), false_alarm_rate=0.9)
    assert (found.detection_rate.value, found.enrolled, found.searches) == (0.5, 2, 3)


def test_fewer_searches_than_the_rate_takes_allow_no_alarm():
    found = identify(nearest_of([0.9, 0.9], [0.25, 0.5], [0, 1]), false_alarm_rate=0.01)
    assert (found.threshold, found.false_alarm_rate.value) == (0.5 + 1 / STEPS, 0)
    assert found.false_alarm_rate.high == pytest.approx(1 - 0.025**0.5)


def counts_of(values) -> np.ndarray:
    return np.bincount((np.floor(np.array(values) * STEPS) + STEPS).astype(int), minlength=2 * STEPS + 1)


def test_the_rise_of_a_doubling_by_hand():
    """Three searches: the tail is the three highest, which lie .3, .1 and 0 above the lowest of them."""
    assert rise_per_doubling(counts_of([0.8, 0.6, 0.5, 0.4, -0.2]), searches=3) == pytest.approx(
        (0.3 + 0.1 + 0) / 3 * math.log(2), abs=1e-5
    )
    assert rise_per_doubling(counts_of([0.8, 0.6]), searches=9) == pytest.approx(0.1 * math.log(2), abs=1e-5)
    assert rise_per_doubling(counts_of([]), searches=9) == 0


def test_the_rise_of_an_exponential_tail_is_its_closed_form():
    """Of n draws of it the largest lies log 2 times the mean higher than of n / 2."""
    values = -1 + np.random.default_rng(0).exponential(0.05, size=200_000)
    assert rise_per_doubling(counts_of(values), searches=2000) == pytest.approx(0.05 * math.log(2), rel=0.05)


def people(generator, *, identities: int, shots: int) -> Embedded:
    centres = np.repeat(generator.normal(size=(identities, 32)), shots, axis=0)
    vectors = (centres + generator.normal(size=centres.shape)).astype(np.float32)
    labels = np.repeat(np.arange(identities), shots)
    return Embedded(vectors, labels, cameras=np.tile(np.arange(shots), identities), names=np.arange(len(labels)))


@pytest.mark.parametrize("times", [2, 8, 32])
def test_strangers_stay_unknown_in_a_gallery_of_many_times_the_size(times):
    generator = np.random.default_rng(1)
    known = people(generator, identities=100, shots=3)
    found = calibrate(known, known, false_alarm_rate=0.02)
    search = SearchThreshold(*[getattr(found.identification, name) for name in ("threshold", "records", "doubling")])
    assert search.records == len(known)
    larger, strangers = (
        people(generator, identities=count, shots=shots).vectors for count, shots in ((100 * times, 3), (1500, 1))
    )
    unit = [side / np.linalg.norm(side, axis=1, keepdims=True) for side in (strangers, larger)]
    nearest = (unit[0] @ unit[1].T).max(axis=1)
    assert np.mean(nearest >= search.at(len(larger))) < 0.04, "at most twice the wanted share"
    assert np.mean(nearest >= search.value) > 0.02 * times**0.5, "without a rise there are many more"
    assert np.mean(nearest >= found.threshold) > 0.3, "the threshold of two images is none of a search"


@pytest.mark.parametrize("wanted", [0.05, 0.3, 0.29, 0.999])
def test_identification_equals_a_loop_over_thresholds(wanted):
    generator = np.random.default_rng(0)
    genuine, impostor = generator.uniform(-1, 1, size=(2, 200)).astype(np.float32)
    found = identify(nearest_of(genuine, impostor, np.arange(200) // 4), false_alarm_rate=wanted)
    steps = np.unique(np.floor(impostor.astype(np.float64) * STEPS)) + 1
    lowest = min(step / STEPS for step in steps if sum(impostor >= step / STEPS) <= wanted * 200 + 1e-9)
    assert found.threshold == lowest
    named = [own >= lowest and own > other for own, other in zip(genuine, impostor, strict=True)]
    assert found.detection_rate.value == pytest.approx(sum(named) / 200)
    assert found.false_alarm_rate.value == pytest.approx(sum(impostor >= lowest) / 200)
