"""Bootstrap intervals against a loop over the same draws, and against what theory expects."""

import numpy as np
import pytest

from reseen.explain.scoring.bootstrap import RESAMPLES, resampled


@pytest.fixture
def looks():
    generator = np.random.default_rng(5)
    names = [f"{number:02d}" for number in generator.integers(0, 12, size=80)]
    return generator.normal(size=80), generator.uniform(0.5, 2, size=80), names


def test_a_resampled_ratio_is_that_of_a_loop(looks):
    values, per, names = looks
    found = resampled(values, names, per=per)
    own = {name: [place for place, other in enumerate(names) if other == name] for name in sorted(set(names))}
    count = len(own)
    drawn = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), size=RESAMPLES)
    assert found.value == pytest.approx(sum(values) / sum(per))
    for resample in (0, 7, RESAMPLES - 1):
        rows = [row for times, mine in zip(drawn[resample], own.values(), strict=True) for row in mine * times]
        assert found.draws[resample] == pytest.approx(sum(values[rows]) / sum(per[rows]))


def test_a_resampled_score_without_a_divisor_is_the_mean(looks):
    values, _, names = looks
    assert resampled(values, names).value == pytest.approx(values.mean())


def test_the_bootstrap_interval_is_as_wide_as_theory_says():
    # One look an identity: the mean's standard error is s / sqrt(n), its 95 % interval 1.96 of them either way.
    values = np.random.default_rng(1).normal(size=400)
    low, high = resampled(values, [str(number) for number in range(400)]).estimate[1:]
    error = values.std() / 20
    assert (high - low) / (2 * 1.96 * error) == pytest.approx(1, abs=0.06)


def test_differences_are_taken_on_the_same_resamples(looks):
    values, _, names = looks
    one, other = resampled(values, names), resampled(values + 0.25, names)
    assert one.over(one) == (0, 0, 0)
    assert other.over(one) == pytest.approx((0.25, 0.25, 0.25))
