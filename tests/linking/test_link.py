"""Linking finds who is who in towns of vectors, keeps what cannot be apart, and learns travel times."""

import numpy as np
import pytest

from drawn_town import drawn_town
from reseen.errors import ReseenError
from reseen.linking import LinkSettings, Sightings, Window, link
from reseen.linking.clustering import cluster, kept
from reseen.linking.mixture import fit


def pair_scores(truth, identities):
    true, linked = (np.equal.outer(labels, labels) & ~np.eye(len(labels), dtype=bool) for labels in (truth, identities))
    return (true & linked).sum() / max(1, linked.sum()), (true & linked).sum() / true.sum()


@pytest.mark.parametrize("seed", range(2))
def test_individuals_are_linked_over_cameras_and_over_breaks(seed):
    town = drawn_town(seed=seed)
    precision, recall = pair_scores(town.truth, link(town.sightings).identities)
    assert precision > 0.97
    assert recall > 0.97


@pytest.mark.parametrize("seed", range(2))
def test_hard_vectors_are_linked_with_the_help_of_times(seed):
    town = drawn_town(individuals=60, noise=1.2, seed=seed)
    precision, recall = pair_scores(town.truth, link(town.sightings).identities)
    assert precision > 0.94
    assert recall > 0.57


def test_learned_travel_times_find_more_than_appearance_alone():
    town = drawn_town(individuals=60, noise=1.2, broken=0)
    with_times, without = (
        pair_scores(town.truth, link(town.sightings, settings=LinkSettings(learn_times=times)).identities)
        for times in (True, False)
    )
    assert with_times[1] > without[1] + 0.05
    assert with_times[0] > without[0]


def test_travel_times_are_learned_as_they_are():
    linking = link(drawn_town().sightings)
    way = next(way for way in linking.ways if (way.origin, way.target) == ("c0", "c1"))
    assert way.times.median == pytest.approx(30, abs=2)
    window = next(window for window in linking.windows if (window.origin, window.target) == ("c0", "c1"))
    assert window.links > 10
    assert 0 < window.shortest < 25
    assert 35 < window.longest < 80


def test_one_camera_never_has_an_individual_twice_at_once():
    town = drawn_town(individuals=30, noise=1.5, minutes=1)
    seen, identities = town.sightings, link(town.sightings).identities
    for row, other in zip(*np.nonzero(np.triu(np.equal.outer(identities, identities), 1)), strict=True):
        apart = seen.cameras[row] != seen.cameras[other]
        assert apart or seen.end[row] <= seen.begin[other] or seen.end[other] <= seen.begin[row]


def test_what_is_faster_than_the_topology_allows_is_never_one_individual():
    town = drawn_town()
    windows = [Window(a, b, 1e5, 2e5) for a, b in (("c0", "c1"), ("c1", "c0"))]
    linking = link(town.sightings, topology=windows)
    cameras = town.sightings.cameras
    for identity in np.unique(linking.identities):
        assert not {"c0", "c1"} <= set(cameras[linking.identities == identity])
    assert linking.windows[:2] == tuple(windows)


def test_a_clock_that_is_wrong_is_suspected_and_named():
    warnings = link(drawn_town(individuals=60, late={1: 40.0}).sightings).warnings
    assert any("clock of camera c1 may be 4" in line or "clock of camera c1 may be 3" in line for line in warnings)
    assert link(drawn_town(individuals=60).sightings).warnings == ()


def test_the_order_of_tracks_changes_nothing():
    town = drawn_town(individuals=20)
    order = np.random.default_rng(1).permutation(len(town.truth))
    assert link(town.sightings.rows(order)).identities.tolist() == link(town.sightings).identities[order].tolist()


def test_caution_makes_fewer_links():
    town = drawn_town(noise=1.2)
    counts = [len(np.unique(link(town.sightings, settings=LinkSettings(caution=c)).identities)) for c in (0, 3)]
    assert counts[1] > counts[0]


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_few_tracks_are_linked_without_an_error(count):
    town = drawn_town(individuals=2, cameras=3)
    assert len(link(town.sightings.rows(np.arange(count))).identities) == count


def test_tracks_that_are_all_alike_are_not_linked_at_random():
    seen = Sightings(list("aabb"), [1, 2, 1, 2], [0, 5, 0, 5], [1, 6, 1, 6], np.ones((4, 3)))
    assert len(set(link(seen).identities.tolist())) == 4


def test_the_most_evident_merge_comes_first_and_none_is_forbidden():
    # 0-1 is sure; 1-2 is likely, but 0 and 2 cannot be one; 2-3 is what remains
    nats = {(0, 1): 5.0, (1, 2): 4.0, (2, 3): 1.0, (0, 2): -np.inf, (0, 3): -9.0, (1, 3): -9.0}

    def ask(first, second):
        return np.array([nats[min(a, b), max(a, b)] for a, b in zip(first, second, strict=True)])

    first, second = np.array([0, 1, 2]), np.array([1, 2, 3])
    found = cluster(4, first, second, ask=ask, evidence=np.array([5.0, 4.0, 1.0]), linkage="average")
    assert found.of.tolist() == [0, 0, 1, 1]
    assert [merge.evidence for merge in found.merges] == [5.0, 1.0]


@pytest.mark.parametrize(("linkage", "expected"), [("average", [0, 0, 0]), ("complete", [0, 0, 1])])
def test_average_linkage_forgives_what_complete_linkage_does_not(linkage, expected):
    first, second, nats = np.array([0, 1, 0]), np.array([1, 2, 2]), np.array([5.0, 4.0, -1.0])
    found = cluster(3, first, second, ask=lambda a, b: np.zeros(len(a)), evidence=nats, linkage=linkage)
    assert found.of.tolist() == expected


def test_clusters_are_those_of_a_naive_average_linkage():
    draw = np.random.default_rng(5)
    size = 25
    nats = draw.normal(-1, 2, (size, size))
    nats = (nats + nats.T) / 2
    first, second = np.triu_indices(size, 1)
    found = cluster(size, first, second, ask=lambda a, b: nats[a, b], evidence=nats[first, second], linkage="average")
    groups = [[row] for row in range(size)]
    while len(groups) > 1:
        pairs = [(nats[np.ix_(a, b)].mean(), x, y) for x, a in enumerate(groups) for y, b in enumerate(groups) if x < y]
        best, x, y = max(pairs)
        if best <= 0:
            break
        groups[x] += groups.pop(y)
    assert sorted(map(sorted, groups)) == sorted(np.flatnonzero(found.of == c).tolist() for c in np.unique(found.of))


def test_a_pair_is_kept_where_one_of_its_sightings_has_few_better():
    first, second, nats = np.array([0, 0, 0]), np.array([1, 2, 3]), np.array([3.0, 2.0, -5.0])
    assert kept(first, second, nats, least=-1, most=1).tolist() == [True, True, False]


def test_right_and_wrong_pairs_are_told_apart_without_labels():
    draw = np.random.default_rng(2)
    best = np.concatenate([draw.normal(0.5, 0.1, 140), draw.normal(0, 0.1, 60)])
    mixture = fit(best, draw.normal(0, 0.1, 200))
    assert mixture.separated
    assert mixture.share == pytest.approx(0.7, abs=0.05)
    # where the odds are even: (.5 + 0) / 2 minus log(.7 / .3) times .01 / .5
    assert mixture.threshold == pytest.approx(0.25 - np.log(0.7 / 0.3) * 0.01 / 0.5, abs=0.02)
    assert not fit(draw.normal(0, 0.1, 200), draw.normal(0, 0.1, 200)).separated


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"end": [2.0, -1.0]}, "times: expected finite seconds, none of them ending before it begins"),
        ({"tracks": [1, 1], "cameras": ["a", "a"]}, "one camera has a track twice"),
        ({"vectors": [[1.0, 0.0], [0.0, 0.0]]}, "are all zeros"),
        ({"begin": [0.0]}, "begin: expected 2, one per track"),
    ],
)
def test_bad_sightings_are_one_line(change, message):
    fields = {"cameras": ["a", "b"], "tracks": [1, 2], "begin": [0.0, 0.0], "end": [1.0, 1.0], "vectors": np.eye(2)}
    with pytest.raises(ReseenError, match=message):
        Sightings(**{**fields, **change})
