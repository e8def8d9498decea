"""CityFlow: labels from XML, the training identities split here while the challenge withholds the test labels."""

from collections.abc import Callable
from pathlib import Path

import pytest

from public_trees import item, label_file
from reseen.data.datasets import choose_layout, read_data
from reseen.errors import ReseenError


def test_without_test_labels_the_training_identities_are_split(cityflow: Path) -> None:
    splits = read_data(cityflow, seed=1)
    named = {*splits.train.identity_names, *splits.query.identity_names}
    assert named == {"0001", "0002", "0003", "0009"}
    assert len(splits.train.identity_names) == len(splits.query.identity_names) == 2
    assert splits.query.camera_names
    assert {path.parent.name for path in (*splits.query.paths, *splits.gallery.paths)} == {"image_train"}
    assert len(splits.notes) == 1
    assert splits.notes[0].startswith("the challenge withholds the test labels: 3 images of image_query and image_test")
    assert "the 8 of image_train are split here by identity, seed 1" in splits.notes[0]


def test_test_labels_are_used_where_they_are_there(cityflow: Path) -> None:
    label_file(cityflow / "query_label.xml", [item("000001.jpg", "0020", "c011")], kind="Query")
    label_file(cityflow / "test_label.xml", [item("000001.jpg", "0020", "c012"), item("000002.jpg", "0021", "c012")])
    splits = read_data(cityflow)
    assert (len(splits.train), splits.query.identities.tolist()) == (8, ["0020"])
    assert splits.gallery.cameras.tolist() == ["c012", "c012"]
    assert splits.gallery.paths[0] == cityflow / "image_test/000001.jpg"


def test_veris_folders_of_the_same_names_are_veris(veri: Path, cityflow: Path) -> None:
    label_file(veri / "train_label.xml", [item("0001_c001_00016450_0.jpg", "0001", "c001")])
    assert choose_layout(veri) == "veri776"
    assert choose_layout(cityflow) == "cityflow"


def test_images_without_a_label_are_noted(cityflow: Path, write_image: Callable[..., Path]) -> None:
    write_image(cityflow / "image_train/000077.jpg")
    assert read_data(cityflow).notes[1] == ("1 images of image_train are left out, not in train_label.xml: 000077.jpg")


def test_labels_that_name_no_vehicle_or_no_file_are_refused(cityflow: Path) -> None:
    label_file(cityflow / "train_label.xml", [item("000001.jpg", "0001", "c001"), item("000002.jpg", None, "c001")])
    with pytest.raises(ReseenError, match=r"train_label.xml: 1 of 2 items name no image or no vehicle: .*000002"):
        read_data(cityflow)
    label_file(cityflow / "train_label.xml", [item("000099.jpg", "0001", "c001")])
    with pytest.raises(ReseenError, match=r"1 of 1 listed images do not exist: .*000099.jpg"):
        read_data(cityflow)
    label_file(cityflow / "train_label.xml", [])
    with pytest.raises(ReseenError, match=r"expected <Item imageName=.* lines, got none"):
        read_data(cityflow)
