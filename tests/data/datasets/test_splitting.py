"""The splits made here: each query keeps a match, shares are as stated, order of rows and seed decide."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reseen.data.datasets.splitting import split_identities, split_queries
from reseen.data.table import Split, split_of
from reseen.errors import ReseenError

SIGHTINGS = st.lists(st.lists(st.sampled_from(["", "1", "2", "3"]), min_size=1, max_size=12), min_size=1, max_size=6)


def seen(sightings: list[list[str]]) -> Split:
    """A table where identity i was seen by ``sightings[i]``."""
    rows = [(f"{identity}", camera) for identity, cameras in enumerate(sightings) for camera in cameras]
    return split_of([f"/{row}" for row in range(len(rows))], [i for i, _ in rows], cameras=[c for _, c in rows])


@settings(deadline=None)
@given(sightings=SIGHTINGS, seed=st.integers(0, 5))
def test_every_query_has_a_match_and_every_identity_that_can_has_a_query(sightings: list[list[str]], seed: int) -> None:
    test = seen(sightings)
    can = [len(cameras) > 1 and ("" in cameras or len(set(cameras)) > 1) for cameras in sightings]
    if not any(can):
        with pytest.raises(ReseenError, match="can have a query"):
            split_queries(test, seed=seed)
        return
    query, gallery = split_queries(test, seed=seed)
    assert sorted([*query.paths, *gallery.paths]) == sorted(test.paths)
    for identity, camera in zip(query.identities, query.cameras, strict=True):
        others = gallery.cameras[gallery.identities == identity]
        assert any(not camera or not other or other != camera for other in others)
    for identity, cameras in enumerate(sightings):
        asked = (query.identities == f"{identity}").sum()
        assert (asked > 0) == can[identity]
        assert asked <= max(1, round(0.2 * len(cameras)))


def test_half_of_the_identities_rounded_down() -> None:
    split = seen([["1", "2"]] * 7)
    train, test = split_identities(split, seed=0)
    assert (len(train.identity_names), len(test.identity_names)) == (3, 4)
    assert not set(train.identity_names) & set(test.identity_names)
    assert (len(train), len(test)) == (6, 8)


def test_the_share_is_a_fifth_where_cameras_allow() -> None:
    query, gallery = split_queries(seen([["1", "2"] * 10, [""] * 10]), seed=0)
    assert np.unique(query.identities, return_counts=True)[1].tolist() == [4, 2]
    assert len(gallery) == 24


def test_a_later_query_does_not_take_an_earlier_ones_only_match() -> None:
    for seed in range(40):  # of ten images two would be queries; both "1" and the only "2" cannot be
        query, _ = split_queries(seen([["1"] * 9 + ["2"]]), seed=seed)
        assert query.cameras.tolist() in (["1", "1"], ["2"])
