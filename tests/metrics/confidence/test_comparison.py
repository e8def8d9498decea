"""Comparisons: p-values by enumeration and by scipy, false alarms under the null, and what is refused."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from reports import report_of
from reseen.metrics import compare, interval
from reseen.metrics.confidence.comparison import sign_flip_p_values


def test_a_comparison_of_two_reports_by_hand():
    """Identity sums 0.4, 0.4, 0.2: of eight sign patterns only the given one and its mirror go as far: p = 1/4."""
    before, after = [0.2, 0.2, 0.2, 0.2], [0.4, 0.4, 0.6, 0.4]
    found = compare(report_of(before), report_of(after), ["a", "a", "b", "c"], scores=["mAP"])
    assert found.differences["mAP"].p_value == 2 / 8
    assert found.differences["mAP"][:2] == pytest.approx((0.2, 0.45))
    assert found.differences["mAP"].difference.value == pytest.approx(0.25)
    assert (found.queries, found.identities, found.more_than_chance) == (4, 3, False)


def test_p_values_are_those_of_every_sign_pattern():
    sums = np.random.default_rng(0).normal(0.3, 1, size=(3, 10))
    patterns = np.array(list(product([1, -1], repeat=10)))
    expected = [np.mean(np.abs(patterns @ row) >= abs(row.sum()) - 1e-12) for row in sums]
    assert sign_flip_p_values(sums, resamples=1024, seed=0) == pytest.approx(expected, abs=0)
    drawn = sign_flip_p_values(sums, resamples=1023, seed=0)
    assert drawn == pytest.approx(expected, abs=0.05)
    assert not np.array_equal(drawn, expected), "one pattern too few: drawn at random"


def test_p_values_are_those_of_scipy():
    """Swapping the two systems' results of an identity is scipy's paired-sample permutation."""
    generator = np.random.default_rng(1)
    before = generator.uniform(size=40)
    after = (before + generator.normal(0.04, 0.15, size=40)).clip(0, 1)
    expected = stats.permutation_test(
        (after, before),
        lambda one, other, axis: np.mean(one - other, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=20_000,
        rng=generator,
    ).pvalue
    found = compare(report_of(before), report_of(after), np.arange(40)).differences["mAP"].p_value
    assert 0.02 < expected < 0.8
    assert found == pytest.approx(expected, abs=0.02)


def test_equal_systems_are_told_apart_as_often_as_the_level_says():
    """20 identities of 10 queries; the two systems differ by noise that an identity's queries share."""
    generator, identities, draws = np.random.default_rng(2), np.repeat(np.arange(20), 10), 200
    alarms, naive = 0, 0
    for _ in range(draws):
        before = generator.uniform(0.3, 0.7, size=200)
        change = 0.05 * generator.normal(size=20)[identities] + 0.02 * generator.normal(size=200)
        found = compare(report_of(before), report_of(before + change), identities, scores=["mAP"], resamples=500)
        alarms += found.more_than_chance
        naive += stats.ttest_1samp(change, 0).pvalue < 0.05
    assert 0.02 <= alarms / draws <= 0.09
    assert naive / draws > 0.3, "queries taken as independent"


def test_the_interval_of_a_comparison_is_that_of_the_differences():
    generator = np.random.default_rng(3)
    identities, before = np.repeat(np.arange(25), 4), generator.uniform(0, 0.5, size=100)
    change = generator.uniform(0, 0.5, size=100)
    found = compare(report_of(before), report_of(before + change), identities, resamples=1000)
    assert found.differences["mAP"].difference == pytest.approx(interval(report_of(change), identities)["mAP"])
    assert found.more_than_chance


def test_a_comparison_says_its_outcome_in_words():
    generator = np.random.default_rng(4)
    before = generator.uniform(0.2, 0.6, size=60)
    better = compare(report_of(before), report_of(before + 0.1), np.arange(60))
    assert better.sentence("A", "B").startswith("B is 10.0 points above A in mAP (95% interval +10.0 to +10.0, p = 0.0")
    assert better.sentence("A", "B").endswith("60 identities): more than chance.")
    worse = compare(report_of(before + 0.1), report_of(before), np.arange(60))
    assert "B is 10.0 points below A" in worse.sentence("A", "B")
    same = compare(report_of(before), report_of(before), np.arange(60))
    assert same.sentence("A", "B").startswith("B is level with A")
    assert same.sentence("A", "B").endswith("no more than chance may give.")
    assert all(found.p_value == 1 for found in same.differences.values())
    assert better.as_dict()["scores"]["mAP"]["difference"]["value"] == pytest.approx(0.1)


def test_reports_of_other_queries_or_rules_are_refused():
    one = report_of([0.5, 0.25, np.nan])
    with pytest.raises(ValueError, match="the same queries, got 2 of 3 evaluated, and 1 of 3"):
        compare(one, report_of([0.5, np.nan, np.nan]), [1, 2, 3])
    with pytest.raises(ValueError, match="the same queries, got 2 of 3 evaluated, and 2 of 2"):
        compare(one, report_of([0.5, 0.25]), [1, 2, 3])
    with pytest.raises(ValueError, match=r"got market1501, .* and wildlife"):
        compare(one, report_of([0.5, 0.25, np.nan], protocol="wildlife"), [1, 2, 3])
    reranked = report_of([0.5, 0.25, np.nan], settings="re-ranked")
    assert compare(one, reranked, [1, 2, 3]).settings.endswith("; second: re-ranked")
