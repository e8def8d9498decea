"""Intervals of shares: closed forms, all pairs of pairs by loops with scipy.stats, and coverage of known truths."""

from itertools import product

import numpy as np
import pytest
from scipy import stats
from scipy.sparse import csr_array

from reseen.metrics.confidence.rates import clustered_rate, dyadic_rate


def clopper_pearson(share, trials, *, confidence=0.95):
    tail, events = (1 - confidence) / 2, share * trials
    return stats.beta.ppf(tail, events, trials - events + 1), stats.beta.ppf(1 - tail, events + 1, trials - events)


def worth(share, variance, *, identities, confidence=0.95):
    """Korn and Graubard's effective trials, of a variance without the correction for few identities."""
    upper = (1 + confidence) / 2
    shrink = (stats.norm.ppf(upper) / stats.t.ppf(upper, identities - 1)) ** 2
    return share * (1 - share) / (variance * identities / (identities - 1)) * shrink


def test_rates_of_0_and_1_have_the_interval_of_the_rule_of_three_over_identities():
    none = clustered_rate(np.zeros(40), np.full(40, 7))
    assert none == (0, 0, pytest.approx(1 - 0.025 ** (1 / 40), rel=1e-12))
    every = clustered_rate(np.full(40, 7), np.full(40, 7))
    assert every == (1, pytest.approx(0.025 ** (1 / 40), rel=1e-12), 1)


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_a_clustered_share_against_scipy(confidence):
    generator = np.random.default_rng(0)
    trials = generator.integers(1, 9, size=25)
    events = generator.binomial(trials, generator.beta(1, 3, size=25))
    share = events.sum() / trials.sum()
    variance = sum((e - share * n) ** 2 for e, n in zip(events, trials, strict=True)) / trials.sum() ** 2
    expected = clopper_pearson(
        share, worth(share, variance, identities=25, confidence=confidence), confidence=confidence
    )
    assert clustered_rate(events, trials, confidence=confidence) == pytest.approx((share, *expected), rel=1e-9)


def test_counting_every_trial_twice_narrows_no_interval():
    events, trials = np.array([0, 1, 2, 0, 3, 1]), np.array([4, 4, 3, 5, 3, 2])
    assert clustered_rate(2 * events, 2 * trials) == pytest.approx(clustered_rate(events, trials), rel=1e-12)


def naive_dyadic_variance(events, queries, gallery):
    """Products of residuals over all pairs of dyads that have an identity in common."""
    identities = range(len(queries))
    dyads = [(i, j) for i, j in product(identities, identities) if i < j]
    total = sum(queries[i] * gallery[j] + queries[j] * gallery[i] for i, j in dyads)
    share = sum(events[i, j] + events[j, i] for i, j in dyads) / total
    residual = {
        (i, j): events[i, j] + events[j, i] - share * (queries[i] * gallery[j] + queries[j] * gallery[i])
        for i, j in dyads
    }
    shared = sum(residual[one] * residual[other] for one, other in product(dyads, dyads) if set(one) & set(other))
    return share, max(shared, sum(value**2 for value in residual.values())) / total**2


@pytest.mark.parametrize("seed", range(5))
def test_a_dyadic_share_against_loops_over_pairs_of_pairs(seed):
    generator = np.random.default_rng(seed)
    queries, gallery = generator.integers(0, 4, size=9), generator.integers(1, 4, size=9)
    wolves = generator.beta(1, 4, size=9)
    events = generator.binomial(np.outer(queries, gallery), (wolves[:, None] + wolves) / 2)
    share, variance = naive_dyadic_variance(events, queries, gallery)
    trials = min(worth(share, variance, identities=9), queries.sum() * gallery.sum() - queries @ gallery)
    found = dyadic_rate(csr_array(events), queries=queries, gallery=gallery)
    assert found == pytest.approx((share, *clopper_pearson(share, trials)), rel=1e-9)


@pytest.mark.parametrize("between", [0.0, 0.5])
def test_a_dyadic_interval_covers_a_known_rate_where_a_binomial_one_does_not(between):
    """Similarity = a_i + b_j + noise, of variance 1 in all: the rate above t is a normal tail."""
    generator, identities, threshold = np.random.default_rng(1), 60, 2.0
    true = stats.norm.sf(threshold)
    shots = np.full(identities, 1)
    covered = binomial = 0
    for _ in range(300):
        queries, entries = generator.normal(size=(2, identities)) * np.sqrt(between / 2)
        noise = generator.normal(size=(identities, identities)) * np.sqrt(1 - between)
        events = queries[:, None] + entries + noise >= threshold
        np.fill_diagonal(events, val=False)
        found = dyadic_rate(csr_array(events.astype(np.int64)), queries=shots, gallery=shots)
        low, high = clopper_pearson(found.value, identities * (identities - 1))
        covered += found.low <= true <= found.high
        binomial += low <= true <= high
    assert 0.92 <= covered / 300 <= 0.99
    assert binomial / 300 < 0.75 if between else binomial / 300 > 0.92
