"""Bootstrap intervals: a loop with the same rule, a closed form, and coverage of a known mean."""

import numpy as np
import pytest
from scipy import stats

from reports import report_of
from reseen.errors import ReseenError
from reseen.metrics import interval
from reseen.metrics.confidence.intervals import QUERY_SCORES, percentiles


def test_query_scores_are_the_values_of_the_report():
    report = report_of([0.5, 1.0, np.nan, 0.25], first_hits=[2, 1, 0, 7], penalties=[0.1, 0.2, np.nan, 0.3])
    found = interval(report, ["a", "b", "b", "c"], scores=tuple(QUERY_SCORES))
    assert {score: estimate.value for score, estimate in found.items()} == pytest.approx(
        {"mAP": 1.75 / 3, "rank1": 1 / 3, "rank5": 2 / 3, "rank10": 1, "mINP": 0.2}
    )
    assert all(estimate.low <= estimate.value <= estimate.high for estimate in found.values())
    assert found["rank10"] == (1, 1, 1), "no other draw of these identities has a miss"


def test_an_interval_equals_a_loop_over_resamples():
    """Identities of unequal size, drawn one by one; another random stream, so to a percentile's own error."""
    generator = np.random.default_rng(0)
    identities = np.repeat(np.arange(12), generator.integers(1, 9, size=12))
    values = generator.beta(2, 2, size=12)[identities] * generator.uniform(0.5, 1, size=len(identities))
    means = []
    for _ in range(4000):
        drawn = generator.integers(0, 12, size=12)
        means.append(np.concatenate([values[identities == identity] for identity in drawn]).mean())
    reach = stats.t.ppf(0.95, 11) * np.sqrt(12 / 11)
    expected = np.quantile(means, [stats.norm.cdf(-reach), stats.norm.cdf(reach)])
    found = interval(report_of(values), identities, scores=["mAP"], confidence=0.9, resamples=4000)["mAP"]
    assert found[1:] == pytest.approx(expected, abs=0.006)


def test_one_query_an_identity_is_students_interval():
    values = np.random.default_rng(1).uniform(size=200)
    found = interval(report_of(values), np.arange(200), scores=["mAP"], resamples=20_000)["mAP"]
    expected = stats.t.interval(0.95, 199, loc=values.mean(), scale=stats.sem(values))
    assert found[1:] == pytest.approx(expected, abs=0.002)


def test_queries_of_one_identity_add_nothing_by_being_alike():
    values = np.random.default_rng(2).uniform(size=30)
    once = interval(report_of(values), np.arange(30))
    often = interval(report_of(np.repeat(values, 50)), np.repeat(np.arange(30), 50))
    assert often["mAP"] == pytest.approx(once["mAP"])


def test_an_interval_covers_a_known_mean_where_one_over_queries_does_not():
    """Query = 0.5 + what its identity adds + noise; 15 identities of 8 queries."""
    generator, draws, covered, naive = np.random.default_rng(3), 300, 0, 0
    identities = np.repeat(np.arange(15), 8)
    for _ in range(draws):
        values = 0.5 + 0.1 * generator.normal(size=15)[identities] + 0.1 * generator.normal(size=120)
        found = interval(report_of(values), identities, scores=["mAP"], resamples=400)["mAP"]
        covered += found.low <= 0.5 <= found.high
        naive += abs(values.mean() - 0.5) < 1.96 * stats.sem(values)
    assert 0.91 <= covered / draws <= 0.98
    assert naive / draws < 0.75


def test_few_identities_widen_an_interval_as_students_t_does():
    """Over n values the bootstrap's own spread is s / sqrt(n) * sqrt((n - 1) / n): what the percentiles make good."""
    for identities in (5, 12, 30):
        low, high = percentiles(identities, confidence=0.95)
        spread = np.sqrt((identities - 1) / identities)
        assert -stats.norm.ppf(low) * spread == pytest.approx(stats.t.ppf(0.975, identities - 1))
        assert low == pytest.approx(1 - high)


def test_an_interval_is_a_function_of_the_seed():
    report, identities = report_of(np.linspace(0, 1, 20)), np.arange(20)
    assert interval(report, identities) == interval(report, identities, seed=0) != interval(report, identities, seed=1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scores": ["map"]}, "no score 'map'; known: mAP"),
        ({"confidence": 95.0}, "confidence: expected a share"),
        ({"identities": [1, 1, 2]}, "at least 2 identities with an evaluated query, got 1"),
        ({"identities": [1, 2]}, "identities: expected 3"),
    ],
)
def test_reports_without_an_interval_are_refused(settings, message):
    report = report_of([0.5, 0.25, np.nan])
    with pytest.raises(ReseenError, match=message):
        interval(report, **{"identities": [1, 2, 3], **settings})
    with pytest.raises(ValueError, match="at least 100"):
        interval(report, [1, 2, 3], resamples=10)
