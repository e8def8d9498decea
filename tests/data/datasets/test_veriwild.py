"""VERI-Wild: identities from the folders, cameras from the lists or from vehicle_info.txt, both names of each list."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reseen.data.check import check
from reseen.data.datasets import LAYOUTS, read_data
from reseen.errors import ReseenError


def test_identities_are_folders_and_cameras_the_third_field(veriwild: Callable[..., Path]) -> None:
    root = veriwild()
    splits = read_data(root)
    assert splits.layout == "veriwild_small"
    assert splits.train.identities.tolist() == ["00011", "00011"], "not the list's own number, 0"
    assert splits.train.cameras.tolist() == ["23", "41"]
    assert splits.query.identities.tolist() == ["00001", "00002"]
    assert splits.gallery.paths == [root / "images/00001/000004.jpg", root / "images/00002/000006.jpg"]


def test_plain_lists_take_their_cameras_from_the_vehicles_file(veriwild: Callable[..., Path]) -> None:
    root = veriwild(5000)
    split = root / "train_test_split"
    for old, new in (
        ("train_list_start0.txt", "train_list.txt"),
        ("test_5000_id.txt", "test_5000.txt"),
        ("test_5000_id_query.txt", "test_5000_query.txt"),
    ):
        rows = [row.split()[0].removesuffix(".jpg") for row in (split / old).read_text().splitlines()]
        (split / old).unlink()
        (split / new).write_text("\n".join(rows))
    (split / "vehicle_info.txt").write_text(
        "id/image;Camera ID;Time;Model;Type;Color\n00001/000003;23;2018-03-11 07:26:35;Audi;SUV;white\n"
        "00001/000004;41;2018-03-11 07:26:35;Audi;SUV;white\n"
    )
    splits = read_data(root)
    assert splits.layout == "veriwild_medium"
    assert splits.query.cameras.tolist() == ["23", ""]
    assert splits.gallery.cameras.tolist() == ["41", ""]


def test_the_lists_may_lie_beside_the_images(veriwild: Callable[..., Path]) -> None:
    root = veriwild()
    for path in (root / "train_test_split").iterdir():
        path.rename(root / path.name)
    (root / "train_test_split").rmdir()
    assert read_data(root).query.cameras.tolist() == ["23", "8"]


def test_a_match_under_the_same_camera_counts_here(veriwild: Callable[..., Path]) -> None:
    assert check(veriwild()).clean, "identity 00002 is in the gallery under the query's own camera only"


def test_missing_lists_and_odd_lines_are_named(veriwild: Callable[..., Path]) -> None:
    root = veriwild(10000)
    query = root / "train_test_split/test_10000_id_query.txt"
    query.write_text("000003.jpg 1 23\n")
    with pytest.raises(
        ReseenError, match=r"test_10000_id_query.txt: 1 of 1 lines are not like '00001/000001.jpg 0 23'"
    ):
        read_data(root)
    query.unlink()
    with pytest.raises(ReseenError, match=r"one of the lists test_10000_id_query.txt, test_10000_query.txt, got none"):
        read_data(root)


def test_published_counts_add_up_to_the_whole_set() -> None:
    large = LAYOUTS["veriwild_large"].published[0].parts
    assert sum(count.images for count in large.values()) == 416_314, "the set's own total"
    assert large["train"].identities + large["query"].identities == 40_671
