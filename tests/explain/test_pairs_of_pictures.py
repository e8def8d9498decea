"""Pairs of a ranking: its first entries, and the first true match where none of them is one."""

import numpy as np
import pytest

from reseen.data.table import Splits, split_of
from reseen.explain.pairs import find_pairs
from reseen.explain.queries import UNKNOWN_IDENTITY, QuerySet
from reseen.metrics import PROTOCOLS, Embedded, evaluate
from reseen.tasks.reid.scoring import Evaluated

# One query at angle 0 and a gallery at these angles, so that the ranking is the order below.
GALLERY = ["b", "c", "a", "b", "a"]
CAMERAS = ["2", "1", "2", "1", "3"]
ANGLES = np.array([0.1, 0.2, 0.3, 0.4, 0.5])


@pytest.fixture
def asked_about():
    def make(identity, camera="1"):
        query = Embedded(np.array([[1.0, 0.0]]), np.array([identity]), np.array([camera]))
        vectors = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
        gallery = Embedded(vectors, np.array(GALLERY), np.array(CAMERAS))
        judged = Embedded(np.array([[1.0, 0.0]]), np.array(["a"]), np.array(["1"]))
        table = split_of(["q.jpg"], [identity])
        report = evaluate(judged, gallery, protocol="market1501")
        return QuerySet(table, query), Evaluated(
            report, query, gallery, PROTOCOLS[report.protocol], Splits("folders", None, table, table, table)
        )

    return make


def test_a_missed_query_is_paired_with_its_first_entry_and_its_first_match(asked_about):
    wrong, right = find_pairs(*asked_about("a"))
    assert (wrong.entry, wrong.rank, wrong.kind, wrong.rival) == (0, 1, "other", None)
    assert (right.entry, right.rank, right.kind, right.rival) == (2, 3, "match", 0)
    assert right.similarity == pytest.approx(np.cos(0.3))


def test_a_match_among_the_top_entries_is_enough(asked_about):
    pairs = find_pairs(*asked_about("a"), top=4)
    assert [pair.entry for pair in pairs] == [0, 1, 2, 3]
    assert [pair.rival for pair in pairs] == [None, None, 0, None]


def test_a_match_at_rank_one_has_no_rival(asked_about):
    (pair,) = find_pairs(*asked_about("b"))
    assert (pair.kind, pair.rank, pair.rival) == ("match", 1, None)


def test_entries_of_an_unknown_identity_are_neither_match_nor_other(asked_about):
    pairs = find_pairs(*asked_about(UNKNOWN_IDENTITY), top=2)
    assert [(pair.kind, pair.rank) for pair in pairs] == [("plain", 1), ("plain", 2)]


def test_a_short_ranking_gives_all_its_pairs(asked_about):
    assert len(find_pairs(*asked_about("a"), top=9)) == len(GALLERY)


@pytest.mark.parametrize(("camera", "entry", "rank"), [("2", 4, 4), ("", 2, 3)])
def test_the_protocol_drops_entries_only_where_the_camera_is_known(asked_about, camera, entry, rank):
    """Of one camera with the query entry 2 does not count and the fifth stands fourth; unknown, it counts."""
    right = find_pairs(*asked_about("a", camera))[1]
    assert (right.entry, right.rank) == (entry, rank)
