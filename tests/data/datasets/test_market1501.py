"""The Market-1501 layout: names into identities and cameras, junk, stray files, folders one level down."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reseen.data.datasets import read_data
from reseen.errors import ReseenError


def test_identities_and_cameras_come_from_the_names(market: Path) -> None:
    splits = read_data(market)
    assert splits.train.identities.tolist() == ["0002", "0002", "0007"]
    assert splits.train.cameras.tolist() == ["1", "2", "3"]
    assert splits.train.views.tolist() == ["", "", ""]
    assert splits.query.identities.tolist() == ["0001", "0003"]
    assert splits.train.paths[0] == market / "bounding_box_train/0002_c1s1_000451_03.jpg"


def test_junk_and_distractors_stay_in_the_gallery_and_leave_train(
    market: Path, write_named: Callable[..., Path]
) -> None:
    assert {"-1", "0000"} < set(read_data(market).gallery.identities.tolist())
    write_named(market / "bounding_box_train", ["-1_c1s1_000001_00.jpg", "0000_c1s1_000001_00.jpg"])
    splits = read_data(market)
    assert splits.train.identity_names == ("0002", "0007")
    assert splits.notes == ("2 junk or distractor images of bounding_box_train left out",)


def test_market1501_may_lie_one_folder_below_the_given_one(market: Path) -> None:
    assert read_data(market.parent).root == market
    assert read_data(market.parent, layout="market1501").train.frame.equals(read_data(market).train.frame)


def test_files_that_are_no_images_are_not_looked_at(market: Path) -> None:
    (market / "query/Thumbs.db").write_bytes(b"x")
    (market / "query/._0001_c1s1_001051_00.jpg").write_bytes(b"x")
    assert len(read_data(market).query) == 2


def test_a_camera_of_two_digits_keeps_both(market: Path, write_image: Callable[..., Path]) -> None:
    write_image(market / "query/0009_c12s1_000001_00.jpg")
    assert read_data(market).query.cameras.tolist() == ["1", "2", "12"]


def test_names_that_do_not_parse_are_counted_and_named(market: Path, write_named: Callable[..., Path]) -> None:
    write_named(market / "bounding_box_train", ["d.jpg", "a.jpg", "c.jpg", "b.jpg"])
    with pytest.raises(
        ReseenError, match=r"4 of 7 file names in bounding_box_train do not parse as .*: a.jpg, b.jpg, c.jpg, \.\.\.;"
    ):
        read_data(market)
    splits = read_data(market, allow_unparsed=True)
    assert len(splits.train) == 3
    assert [left.names for left in splits.unparsed] == [("a.jpg", "b.jpg", "c.jpg", "d.jpg")]


def test_a_folder_where_no_name_parses_is_an_error_even_if_some_may_fail(market: Path) -> None:
    for path in (market / "query").iterdir():
        path.rename(path.with_name(f"x{path.name}"))
    with pytest.raises(ReseenError, match="2 of 2 file names in query do not parse"):
        read_data(market, allow_unparsed=True)


def test_a_missing_and_an_empty_folder_are_named(market: Path) -> None:
    for path in (market / "query").iterdir():
        path.unlink()
    with pytest.raises(ReseenError, match=r"query: expected images named like .* got no image file"):
        read_data(market)
    (market / "query").rmdir()
    with pytest.raises(ReseenError, match=r"got none named query$"):
        read_data(market)
