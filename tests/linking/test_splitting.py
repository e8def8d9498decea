"""Tracks that hold two individuals become two, and what each part is stays known."""

import polars

from reseen.linking.pooling import Switch
from reseen.linking.splitting import parts_of, split


def boxes(camera, track, times):
    return polars.DataFrame({"camera": camera, "track": track, "time": times})


def test_only_the_track_that_was_named_is_split_and_no_name_is_taken_twice():
    rows = polars.concat([boxes("a", "7", [0.0, 1.0]), boxes("a", "7 (2)", [0.0]), boxes("b", "7", [0.0, 1.0])])
    parts = split(rows, [Switch("a", "7", 1.0)])
    assert parts["track"].to_list() == ["7", "7 (2) (2)", "7 (2)", "7", "7"]
    assert parts["whole"].to_list() == rows["track"].to_list()
    assert split(rows, [])["track"].equals(rows["track"])


def test_the_part_with_most_boxes_comes_first_among_those_that_are_known():
    rows = split(boxes("a", "7", [0.0, 1.0, 2.0]), [Switch("a", "7", 1.0)])
    known = polars.DataFrame({"camera": ["a", "a"], "track": ["7", "7 (2)"], "identity": [4, 5]})
    assert parts_of(rows, known).rows() == [("a", "7", 1.0, 2.0, 2, 5), ("a", "7", 0.0, 0.0, 1, 4)]
    assert parts_of(rows, known[:1])["identity"].to_list() == [4, None]


def test_parts_of_some_boxes_are_named_as_those_of_all():
    every = polars.DataFrame({"camera": "a", "track": ["7", "7", "7 (2)"], "time": [0.0, 1.0, 5.0]})
    switches = [Switch("a", "7", 1.0)]
    assert split(every, switches)["track"].to_list() == ["7", "7 (2) (2)", "7 (2)"]
    assert split(every[:2], switches, among=every)["track"].to_list() == ["7", "7 (2) (2)"]
