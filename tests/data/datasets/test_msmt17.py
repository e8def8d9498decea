"""MSMT17: both versions, cameras from the names, identities of the two halves kept apart, lists that are wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reseen.data.datasets import read_data
from reseen.errors import ReseenError


@pytest.mark.parametrize(("version", "folder"), [(1, "train"), (2, "mask_train_v2")])
def test_both_versions_read_alike(msmt17: Callable[..., Path], version: int, folder: str) -> None:
    root = msmt17(version)
    splits = read_data(root)
    assert splits.layout == "msmt17"
    assert splits.train.identities.tolist() == ["train/0000", "train/0001", "train/0001"]
    assert splits.train.cameras.tolist() == ["01", "14", "02"], "list_val.txt belongs to the training images"
    assert splits.train.paths[0] == root / folder / "0000/0000_000_01_0303morning_0015_0.jpg"
    assert splits.query.identities.tolist() == ["test/0000", "test/0001"]
    assert splits.gallery.cameras.tolist() == ["03", "15"]
    assert splits.notes == ()


def test_without_the_validation_list_its_absence_is_noted(msmt17: Callable[..., Path]) -> None:
    root = msmt17()
    (root / "list_val.txt").unlink()
    splits = read_data(root)
    assert len(splits.train) == 2
    assert splits.notes[0].startswith("list_val.txt is not there")


def test_a_line_of_another_form_is_named(msmt17: Callable[..., Path]) -> None:
    root = msmt17()
    with (root / "list_query.txt").open("a") as file:
        file.write("\n0001/0001_001.jpg 1\n0001/0001_001_07_0113afternoon_0100_0.jpg\n")
    with pytest.raises(ReseenError, match=r"list_query.txt: 2 of 4 lines are not like '0000/.* 0': line 4 '0001/0001_"):
        read_data(root)


def test_missing_images_are_named_three_at_most(msmt17: Callable[..., Path]) -> None:
    root = msmt17()
    for path in (root / "train").rglob("*.jpg"):
        path.unlink()
    with pytest.raises(
        ReseenError, match=r"list_train.txt: 3 of 3 listed images do not exist: .*/0000_000_01_.*, .*, "
    ):
        read_data(root)


def test_a_missing_list_and_a_missing_folder_are_named(msmt17: Callable[..., Path]) -> None:
    root = msmt17()
    (root / "list_gallery.txt").unlink()
    with pytest.raises(ReseenError, match=r"list_gallery.txt: no such list"):
        read_data(root)
    (root / "test").rename(root / "tests")
    with pytest.raises(ReseenError, match=r"expected a folder MSMT17_V1 .*, got 0 of the two versions' folders"):
        read_data(root)


def test_both_versions_in_one_folder_are_refused(msmt17: Callable[..., Path]) -> None:
    root = msmt17(1)
    for name in ("mask_train_v2", "mask_test_v2"):
        (root / name).mkdir()
    with pytest.raises(ReseenError, match="got 2 of the two versions' folders"):
        read_data(root)
