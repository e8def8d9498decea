"""Evaluation of thousands of random small cases against the definitions, to 1e-9: every protocol, every kind."""

import dataclasses

import numpy as np
import pytest

from naive_evaluation import naive_evaluate, naive_rankings
from random_sides import is_refused, random_protocol, random_sides
from reseen.errors import ReseenError
from reseen.metrics import AVERAGE_PRECISIONS, PROTOCOLS, Embedded, Protocol, evaluate
from reseen.metrics.ranking import cosine as cosine_module
from reseen.metrics.ranking.on_device import count_on_device

CASES = 120


def check(query: Embedded, gallery: Embedded, protocol: Protocol) -> bool:
    """Compare all kinds of average precision; False where there was nothing to evaluate."""
    rankings = [] if is_refused(query, gallery, protocol) else naive_rankings(query, gallery, protocol)
    for kind in AVERAGE_PRECISIONS:
        expected = naive_evaluate(query, rankings, kind=kind, depth=protocol.depth, length=12)
        if expected is None:
            with pytest.raises(ReseenError):
                evaluate(query, gallery, protocol=protocol, average_precision=kind)
            return False
        report = evaluate(query, gallery, protocol=protocol, average_precision=kind, cmc_length=12)
        assert report.mean_average_precision == pytest.approx(expected.mean_average_precision, abs=1e-9)
        assert report.mean_inverse_negative_penalty == pytest.approx(expected.mean_inverse_negative_penalty, abs=1e-9)
        np.testing.assert_allclose(report.cmc, expected.cmc, rtol=0, atol=1e-9)
        hits = report.first_hits[None] if report.trial_first_hits is None else report.trial_first_hits
        assert hits.tolist() == expected.first_hits
        skipped = ~np.any(expected.first_hits, axis=0)
        assert sum(report.skipped.values()) == len(query) - report.evaluated == skipped.sum()
        np.testing.assert_array_equal(np.isnan(report.average_precisions), skipped)
    return True


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
def test_every_protocol_equals_the_naive_loop(name: str):
    protocol = dataclasses.replace(PROTOCOLS[name], trials=min(PROTOCOLS[name].trials, 3))
    checked = sum(check(*random_sides(seed), protocol) for seed in range(CASES))
    assert checked > CASES / 3


def test_evaluation_under_any_protocol_equals_the_naive_loop():
    checked = sum(check(*random_sides(seed), random_protocol(seed)) for seed in range(1000, 1000 + 3 * CASES))
    assert checked > CASES


def test_counting_on_a_device_equals_the_naive_loop(monkeypatch):
    def on_device(asked, units, *, threads):
        return count_on_device(asked, units, device="cpu")

    monkeypatch.setattr(cosine_module, "count_on_cpu", on_device)
    checked = sum(check(*random_sides(seed), random_protocol(seed)) for seed in range(3000, 3000 + CASES))
    assert checked > CASES / 3
