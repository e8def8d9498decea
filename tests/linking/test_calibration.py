"""Travel times tell how sure a contrast is: no labels, and nothing learned where times say nothing."""

import numpy as np
import pytest

from drawn_town import drawn_town
from reseen.linking import LinkSettings, Sightings, link
from reseen.linking.bias import corrected
from reseen.linking.calibration import Kind, calibrate
from reseen.linking.candidates import candidates
from reseen.linking.evidence import judge
from reseen.linking.layout import lay_out
from reseen.linking.mixture import Mixture
from reseen.linking.usual import at_large, learned

SURE = Mixture(0.0, 40.0, 0.5, separated=True)
"""What contrasts alone might say: far too sure."""


def drawn_pairs(*, timed):
    """4,000 pairs, right by a logistic curve of slope 10 with even odds at 0.3; right ones take 20 to 40 seconds."""
    draw = np.random.default_rng(3)
    large = at_large(lay_out(drawn_town(individuals=200).sightings, drawn_town(individuals=200).sightings.vectors, ()))
    contrast = draw.normal(0, 0.15, 4000)
    right = draw.random(4000) < 1 / (1 + np.exp(-10 * (contrast - 0.3)))
    middles = np.concatenate([[-1.0], (large.edges[1:] + large.edges[:-1]) / 2])
    seconds = draw.choice(middles, 4000, p=large.share[0])
    seconds = np.where(right & timed, draw.uniform(20, 40, 4000), seconds)
    return Kind(contrast, seconds, within=False), right, large


def test_a_curve_that_is_too_sure_is_corrected_by_travel_times():
    pairs, right, large = drawn_pairs(timed=True)
    found = calibrate(pairs, SURE, large, likely=1 / (1 + np.exp(-SURE.evidence(pairs.contrast))))
    assert found.curve.slope == pytest.approx(10, abs=2.5)
    assert found.curve.threshold == pytest.approx(0.3, abs=0.06)
    share = 1 / (1 + np.exp(-found.curve.evidence(pairs.contrast)))
    assert share.sum() == pytest.approx(right.sum(), rel=0.25)
    assert found.nats[large.bins(np.array([30.0]))[0]] > 2
    assert found.nats[large.bins(np.array([400.0]))[0]] < -2


def test_times_that_say_nothing_leave_the_curve_as_it_was():
    pairs, _, large = drawn_pairs(timed=False)
    found = calibrate(pairs, SURE, large, likely=1 / (1 + np.exp(-SURE.evidence(pairs.contrast))))
    assert found.curve == SURE
    assert not found.nats.any()


def test_the_share_of_best_pairs_that_are_right_is_estimated():
    town = drawn_town(individuals=60, noise=1.2)
    layout = lay_out(town.sightings, corrected(town.sightings, "mean"), ())
    pairs = candidates(layout, count=5)
    best = pairs.mutual & (layout.camera[pairs.first] != layout.camera[pairs.second])
    who = town.truth[layout.order]
    right = (who[pairs.first] == who[pairs.second])[best].mean()
    assert judge(layout, pairs).across.share == pytest.approx(right, abs=0.1)


def test_pairs_at_large_are_counted_as_a_naive_loop_does():
    seen = drawn_town(individuals=8).sightings
    layout = lay_out(seen, seen.vectors, ())
    large, counts = at_large(layout), np.full((2, 41), 0.25)
    for i in range(len(seen)):
        for j in range(len(seen)):
            gap, same = layout.begin[j] - layout.end[i], int(layout.camera[i] == layout.camera[j])
            if gap >= 0:
                counts[same, large.bins(np.array([gap]))[0]] += 1
            elif i < j and layout.begin[i] - layout.end[j] < 0 and not same:
                counts[0, 0] += 1
    np.testing.assert_allclose(large.share, counts / counts.sum(axis=1, keepdims=True), rtol=1e-9)


def test_links_that_are_spread_as_pairs_at_large_teach_nothing():
    large = at_large(lay_out(drawn_town().sightings, drawn_town().sightings.vectors, ()))
    bins = np.arange(41)
    assert np.abs(learned(large, bins, likely=1000 * large.share[0], within=False)).max() < 1e-6


@pytest.mark.parametrize(("returns", "identities"), [(False, 2), (True, 1)])
def test_who_comes_back_to_a_camera_is_one_individual_where_that_is_allowed(returns, identities):
    # 12 individuals pass a, then b; the first passes a once more; what looks so alike is linked where it may be
    draw = np.random.default_rng(0)
    faces, starts = draw.normal(size=(12, 32)), 200.0 * np.arange(12)
    again = [
        (camera, f"{camera}{n}", starts[n] + 30 * late, faces[n]) for n in range(12) for late, camera in enumerate("ab")
    ]
    again += [("a", f"back{n}", starts[n] + 100, faces[n]) for n in range(12)]
    cameras, tracks, begin, vectors = zip(*again, strict=True)
    seen = Sightings(
        cameras, tracks, np.array(begin), np.array(begin) + 4, np.array(vectors) + draw.normal(0, 0.2, (36, 32))
    )
    found = link(seen, settings=LinkSettings(returns=returns)).identities
    assert len({found[0], found[24]}) == identities
