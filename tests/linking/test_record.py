"""What is kept of a linking for its page."""

import numpy as np
import polars as pl
import pytest

from reseen.linking import Link, Sightings, link
from reseen.linking.record import SCHEMA, doubt_facts, sightings_table

SEEN = Sightings(
    ["a", "b"], ["1", "1"], [0.0, 9.0], [2.0, 11.0], np.array([[1.0, 0.0], [0.6, 0.8]]), images=(("x", "y"), ())
)
BOXES = pl.DataFrame(
    {
        "camera": ["a", "a", "b", "c"],
        "track": ["1", "1", "1", "5"],
        "time": [0.0, 2.0, 9.0, 30.0],
        "image": ["y", "x", None, None],
    }
)
LINKS = pl.DataFrame({"camera": ["a", "b", "c"], "track": ["1", "1", "5"], "identity": [1, 2, 3]})


def table(truth: pl.DataFrame | None = None) -> pl.DataFrame:
    return sightings_table(link(SEEN), LINKS, boxes=BOXES, truth=truth)


def test_sightings_keep_their_order_and_tracks_without_a_vector_follow():
    rows = table()
    assert rows.schema == SCHEMA
    assert rows["camera"].to_list() == ["a", "b", "c"]
    assert rows["begin"].to_list() == [0.0, 9.0, 30.0]
    assert rows["identity"][2] == 3
    assert rows["truth"].null_count() == 3


def test_each_image_has_its_time_and_the_best_stands_first():
    images = table()["images"].to_list()
    assert images == [[{"path": "x", "time": 2.0}, {"path": "y", "time": 0.0}], None, None]


def test_a_track_has_the_true_identity_that_is_given_for_it():
    truth = pl.DataFrame({"camera": ["b"], "track": ["1"], "truth": ["v7"]})
    assert table(truth)["truth"].to_list() == [None, "v7", None]


def test_a_doubtful_link_names_the_earlier_track_first_with_similarity_and_seconds():
    facts = doubt_facts(Link(1, 0, -0.25, linked=False), SEEN)
    assert (facts["first"], facts["second"], facts["rows"]) == ("a/1", "b/1", [0, 1])
    assert facts["similarity"] == pytest.approx(0.6)
    assert facts["seconds"] == 7.0  # from 2 to 9
