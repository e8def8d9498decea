"""The tables: names, numbers, rows, and what they refuse."""

from pathlib import Path

import numpy as np
import polars
import pytest

from reseen.data.table import Split, Splits, Unparsed, first, numbers, split_of, without_unreadable
from reseen.errors import ReseenError


@pytest.fixture
def split() -> Split:
    return split_of(
        ["/x/a.jpg", "/x/b.jpg", "/x/c.jpg"],
        ["0007", "0002", "0007"],
        cameras=["2", "", None],
        views=[None, "front", "rear"],
        extra={"blur": [0.5, 1.5, 2.5]},
    )


def test_columns_come_back_as_names_with_an_empty_string_for_unknown(split: Split) -> None:
    assert split.frame.columns == ["path", "identity", "camera", "view", "blur"]
    assert split.paths == [Path("/x/a.jpg"), Path("/x/b.jpg"), Path("/x/c.jpg")]
    assert split.identities.tolist() == ["0007", "0002", "0007"]
    assert split.cameras.tolist() == ["2", "", ""]
    assert split.views.tolist() == ["", "front", "rear"]
    assert split.frame["camera"].null_count() == 2


def test_names_are_sorted_and_known(split: Split) -> None:
    assert split.identity_names == ("0002", "0007")
    assert split.camera_names == ("2",)
    assert split.view_names == ("front", "rear")


def test_numbers_follow_the_sorted_names_and_not_the_order_of_rows(split: Split) -> None:
    assert split.numbers("identity", split.identity_names).tolist() == [1, 0, 1]
    assert split.numbers("camera", split.camera_names).tolist() == [0, -1, -1]
    assert split.numbers("view", ("front",)).tolist() == [-1, 0, -1]


def test_names_are_numbered_also_of_an_array_and_of_nothing() -> None:
    assert numbers(["a", "b"], np.array(["b", "", "a"])).tolist() == [1, -1, 0]
    empty = numbers(["a"], [])
    assert empty.shape == (0,)
    assert empty.dtype == np.int64


def test_rows_of_a_split_are_picked_by_mask_and_by_number(split: Split) -> None:
    assert split.rows(np.array([True, False, True])).identities.tolist() == ["0007", "0007"]
    assert split.rows(np.array([2, 1])).views.tolist() == ["rear", "front"]
    assert len(split.rows(np.array([], dtype=np.int64))) == 0


def test_an_empty_split_is_a_split() -> None:
    empty = split_of([], [])
    assert len(empty) == 0
    assert empty.identity_names == ()
    assert empty.cameras.shape == (0,)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (polars.DataFrame({"path": ["a"], "identity": ["b"]}), "none named camera, view"),
        (polars.DataFrame({"path": ["a"], "identity": [2], "camera": ["1"], "view": ["1"]}), "identity"),
        (
            polars.DataFrame(
                {"path": ["a"], "identity": [None], "camera": ["1"], "view": ["1"]},
                schema_overrides={"identity": polars.String},
            ),
            "identity in every row",
        ),
    ],
)
def test_a_frame_that_is_no_split_is_refused(frame: polars.DataFrame, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Split(frame)


def test_unreadable_images_are_dropped_and_counted(split: Split) -> None:
    kept, dropped = without_unreadable(split, {Path("/x/b.jpg"): "truncated", Path("/x/elsewhere.jpg"): ""})
    assert dropped == 1
    assert kept.paths == [Path("/x/a.jpg"), Path("/x/c.jpg")]
    assert without_unreadable(split, [])[1] == 0
    with pytest.raises(ReseenError, match=r"none among 3: /x/a\.jpg, /x/b\.jpg, /x/c\.jpg"):
        without_unreadable(split, split.paths)


def test_first_names_three_and_says_when_there_are_more() -> None:
    assert first(["a", "b", "c"]) == "a, b, c"
    assert first(["a", "b", "c", "d"]) == "a, b, c, ..."


def test_unparsed_names_say_how_many_and_which() -> None:
    left = Unparsed("query", ("x.jpg", "y.jpg", "z.jpg", "zz.jpg"), 9, "0002_c1.jpg")
    assert left.message == "4 of 9 file names in query do not parse as 0002_c1.jpg: x.jpg, y.jpg, z.jpg, ..."
    assert "1 of 9 file names in query does not" in left._replace(names=("x.jpg",)).message


def test_the_tables_of_a_data_set_stand_by_name_in_their_order(split: Split) -> None:
    query, gallery = split.rows(np.array([0])), split.rows(np.array([1, 2]))
    tables = Splits("table", Path("/x"), split, query, gallery).tables()
    assert list(tables.items()) == [("train", split), ("query", query), ("gallery", gallery)]
