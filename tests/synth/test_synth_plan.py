"""The plan: every image asked for, twins together, every query with a match."""

from collections import Counter

import numpy as np
import pytest

from reseen.errors import ReseenError
from reseen.synth.plan import Shot, make_plan, queries, split, twin_pairs

SIZES = [(n, m, c) for n in (2, 3, 5, 8, 13) for m in (2 * n, 2 * n + 1, 5 * n, 21 * n) for c in (6, 20)]


def twins_for(count: int) -> list[bool]:
    pairs = (count - 1) // 4
    return [True] * (2 * pairs) + [False] * (count - 2 * pairs)


@pytest.mark.parametrize(("identities", "images", "cameras"), SIZES)
def test_every_plan_holds_what_was_asked(identities: int, images: int, cameras: int) -> None:
    plan = make_plan(twins_for(identities), images=images, cameras=cameras, test_share=0.26, seed=(3,))
    assert len(plan.shots) == images
    assert [shot.place for shot in plan.shots] == list(range(images))
    assert sorted(plan.numbers) == list(range(1, identities + 1))
    assert 0 < sum(plan.train) < identities
    assert all(plan.train[a] == plan.train[b] for a, b in plan.pairs)
    per_identity = Counter(shot.identity for shot in plan.shots)
    assert max(per_identity.values()) - min(per_identity.values()) <= 1
    for identity in range(identities):
        assert len({shot.camera for shot in plan.shots if shot.identity == identity}) >= 2
    assert {shot.camera for shot in plan.shots} <= set(range(1, cameras + 1))
    assert len({(shot.number, shot.camera, shot.frame) for shot in plan.shots}) == images


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize(("identities", "images", "cameras"), SIZES)
def test_every_query_has_a_match_from_another_camera(identities, images, cameras, apart) -> None:
    shots = make_plan(twins_for(identities), images=images, cameras=cameras, test_share=0.5, seed=(4,)).shots
    asked = queries(shots, apart=apart)
    gallery = [shot for shot in shots if not shot.train and not (apart and shot in asked)]
    for query in asked:
        assert any(g.identity == query.identity and g.camera != query.camera for g in gallery)
    assert {q.identity for q in asked} == {shot.identity for shot in shots if not shot.train}
    assert max(Counter((q.identity, q.camera) for q in asked).values()) == 1


def test_queries_that_stay_are_one_for_each_identity_and_camera() -> None:
    shots = make_plan([False] * 6, images=90, cameras=20, test_share=0.5, seed=(1,)).shots
    expected = {(shot.identity, shot.camera) for shot in shots if not shot.train}
    assert {(q.identity, q.camera) for q in queries(shots, apart=False)} == expected


def test_two_lone_images_give_one_query_where_queries_leave_the_gallery() -> None:
    shots = [Shot(k, 0, 1, camera, 5, (k,), train=False) for k, camera in enumerate((1, 2))]
    assert queries(shots, apart=True) == shots[:1]
    assert queries(shots, apart=False) == shots


def test_the_split_is_near_the_share_and_random() -> None:
    twins = [True] * 200 + [False] * 200
    sides = [split(twins, test_share=0.25, rng=np.random.default_rng(seed)) for seed in range(3)]
    assert all(side.count(False) in (99, 100) for side in sides)
    assert sides[0] != sides[1]


def test_one_pair_alone_cannot_be_split() -> None:
    with pytest.raises(ReseenError, match="share a split"):
        split([True, True], test_share=0.5, rng=np.random.default_rng(0))


def test_odd_twins_are_a_wrong_call() -> None:
    with pytest.raises(ValueError, match="pairs"):
        twin_pairs([True, False])
