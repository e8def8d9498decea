"""The VeRi-776 layout: names, and orientations from the keypoint files where they have the image."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reseen.data.datasets import read_data
from reseen.data.datasets.veri776 import read_tracks, read_views
from reseen.errors import ReseenError

PAIRS = " ".join(["-1 -1"] * 19 + ["12 34"])


def test_identities_and_cameras_come_from_the_names(veri: Path) -> None:
    splits = read_data(veri)
    assert splits.train.identities.tolist() == ["0001", "0001"]
    assert splits.train.cameras.tolist() == ["001", "020"]
    assert splits.gallery.cameras.tolist() == ["003", "014"]
    assert splits.query.paths[0].name == splits.gallery.paths[0].name
    assert splits.train.view_names == ()


def test_views_come_from_the_keypoint_files_and_no_image_is_dropped(veri: Path) -> None:
    (veri / "keypoint_train.txt").write_text(f"VeRi/image_train/0001_c001_00016450_0.jpg {PAIRS} 0\n\n")
    (veri / "keypoint_test.txt").write_text(
        f"image_test\\0005_c003_00077625_0.jpg {PAIRS} 7\r\nmy data/0005_c014_00077630_0.jpg {PAIRS} -1\r\n"
    )
    splits = read_data(veri)
    assert splits.train.views.tolist() == ["0", ""]
    assert splits.query.views.tolist() == ["7"], "the query image has the view of its name in the test file"
    assert splits.gallery.views.tolist() == ["7", ""]
    assert splits.train.frame.columns == ["path", "identity", "camera", "view"]


@pytest.mark.parametrize("line", [f"a.jpg {PAIRS} 8", f"a.jpg {PAIRS}", "a.jpg 3", f"a.jpg {PAIRS} front"])
def test_a_line_of_another_form_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "keypoint_train.txt"
    path.write_text(f"b.jpg {PAIRS} 1\n{line}\n")
    with pytest.raises(ReseenError, match=r"keypoint_train.txt:2: expected a path, 20 pairs x y and an orientation"):
        read_views(path)


def test_a_camera_of_another_width_does_not_parse(veri: Path, write_image: Callable[..., Path]) -> None:
    write_image(veri / "image_train/0001_c0014_00016450_0.jpg")
    with pytest.raises(ReseenError, match="1 of 3 file names in image_train does not parse as 0001_c014"):
        read_data(veri)


def test_tracks_become_a_column_of_the_gallery_alone(veri: Path) -> None:
    assert read_data(veri).gallery.frame.columns[-1] == "view", "none without the file"
    (veri / "test_track.txt").write_text("0005_c003_00077625_0.jpg\n\n0005_c014_00077630_0.jpg\n")
    splits = read_data(veri)
    assert splits.gallery.frame["track"].to_list() == ["0005_c003_00077625_0", "0005_c014_00077630_0"]
    assert "track" not in (*splits.query.frame.columns, *splits.train.frame.columns)
    assert splits.notes == ()


def test_a_track_is_named_for_its_first_image(tmp_path: Path) -> None:
    path = tmp_path / "test_track.txt"
    path.write_text("b.jpg a.jpg \r\n0002_c002_t1 image_test\\c.jpg d.jpg\n")
    assert read_tracks(path) == {"b.jpg": "b", "a.jpg": "b", "c.jpg": "c", "d.jpg": "c"}
    assert read_tracks(tmp_path / "none.txt") == {}


def test_a_image_in_no_track_is_one_of_its_own_and_noted(veri: Path) -> None:
    (veri / "test_track.txt").write_text("0005_c003_00077625_0.jpg\n")
    splits = read_data(veri)
    assert splits.gallery.frame["track"].to_list() == ["0005_c003_00077625_0", "0005_c014_00077630_0"]
    assert splits.notes == ("1 of 2 gallery images stand in no line of test_track.txt: 0005_c014_00077630_0.jpg",)


def test_a_image_in_two_tracks_is_refused(veri: Path) -> None:
    (veri / "test_track.txt").write_text("a.jpg b.jpg\nb.jpg\n")
    with pytest.raises(ReseenError, match=r"test_track.txt: 1 images stand in more than one track: b.jpg$"):
        read_data(veri)


LABELS = """<?xml version="1.0" encoding="gb2312"?>
<TrainingImages Version="1.0"><Items number="1">
<Item imageName="{}" vehicleID="0001" cameraID="c001" colorID="1" typeID="4" />
</Items></TrainingImages>"""


def test_colours_and_types_come_from_the_label_files(veri: Path) -> None:
    first = read_data(veri).train.paths[0].name
    (veri / "train_label.xml").write_text(LABELS.format(first), encoding="gb2312")
    (veri / "list_color.txt").write_text("1 yellow\n2 orange\n")
    splits = read_data(veri)
    assert splits.train.frame["colour"].to_list() == ["yellow", None]
    assert splits.train.frame["type"].to_list() == ["4", None], "by number, as there is no list of types"
    assert "colour" not in splits.query.frame.columns


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("list_color.txt", "yellow\n", r"list_color\.txt:1: expected a number and a word such as '1 yellow'"),
        ("train_label.xml", "<Item vehicleID='0001'/>", r"expected imageName=.* in each Item"),
    ],
)
def test_a_damaged_label_file_is_named(veri: Path, file: str, text: str, message: str) -> None:
    (veri / "train_label.xml").write_text(LABELS.format("0001_c001_00016450_0.jpg"))
    (veri / file).write_text(text)
    with pytest.raises(ReseenError, match=message):
        read_data(veri)
