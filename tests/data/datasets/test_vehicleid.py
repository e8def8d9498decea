"""VehicleID: the list of one size as query and as gallery, no cameras, and `check` at peace with that."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reseen.data.check import check
from reseen.data.datasets import LAYOUTS, read_data
from reseen.errors import ReseenError


def test_query_and_gallery_are_the_whole_test_list(vehicleid: Callable[..., Path]) -> None:
    root = vehicleid(1600)
    splits = read_data(root)
    assert splits.layout == "vehicleid_1600"
    assert splits.train.identities.tolist() == ["5", "5"]
    assert splits.query.identities.tolist() == ["12", "12", "12", "7", "7"]
    assert splits.query.frame.equals(splits.gallery.frame)
    assert splits.query.paths[0] == root / "image/0000003.jpg"
    assert splits.query.camera_names == ()


def test_images_that_no_list_names_are_not_read(vehicleid: Callable[..., Path]) -> None:
    splits = read_data(vehicleid())
    assert "0000008.jpg" not in {path.name for path in (*splits.train.paths, *splits.query.paths)}


def test_a_name_may_have_its_ending(vehicleid: Callable[..., Path]) -> None:
    root = vehicleid()
    (root / "train_test_split/train_list.txt").write_text("0000001.jpg 5\n")
    assert read_data(root).train.paths == [root / "image/0000001.jpg"]


def test_check_takes_no_image_for_a_duplicate(vehicleid: Callable[..., Path]) -> None:
    assert check(vehicleid()).clean


def test_an_empty_list_and_a_missing_one_are_named(vehicleid: Callable[..., Path]) -> None:
    root = vehicleid()
    (root / "train_test_split/train_list.txt").write_text("\n")
    with pytest.raises(ReseenError, match=r"train_list.txt: expected a line per image like '0000001 12', got none"):
        read_data(root)
    (root / "train_test_split/train_list.txt").write_text("0000001 5\n")
    with pytest.raises(ReseenError, match=r"test_list_2400.txt: no such list"):
        read_data(root, layout="vehicleid_2400")


@pytest.mark.parametrize("size", [800, 1600, 2400])
def test_published_counts_are_of_the_lists(size: int) -> None:
    counts = LAYOUTS[f"vehicleid_{size}"].published[0].parts
    assert counts["query"] == counts["gallery"]
    assert counts["query"].identities == size


def test_colours_and_models_come_from_the_attribute_files_by_number(vehicleid: Callable[..., Path]) -> None:
    root = vehicleid()
    (root / "attribute").mkdir()
    (root / "attribute/color_attr.txt").write_text("5 3\n12 0\n")
    splits = read_data(root)
    assert splits.train.frame["colour"].to_list() == ["3", "3"]
    assert set(splits.query.frame.select("identity", "colour").iter_rows()) == {("12", "0"), ("7", None)}
    assert "model" not in splits.train.frame.columns
