"""What boxes hold is read from a table's column, or from the classes of MOT text that a file beside it names."""

from pathlib import Path

import polars
import pytest

from reseen.data.tracks import read_mot, read_tracks, read_truth, write_mot
from reseen.errors import ReseenError

TEXT = "1,1,0,0,5,9,0.9,1,-1,-1\n2,1,0,0,5,9,0.9,1,-1,-1\n1,2,9,9,8,6,0.9,3,-1,-1\n1,3,40,9,8,6,0.9,-1,-1,-1\n"
NAMES = "1 person\n3 vehicle\n"


def city(root: Path) -> Path:
    for kind in ("mtsc/mtsc_own.txt", "gt/gt.txt"):
        path = root / "S01" / "c001" / kind
        path.parent.mkdir(parents=True)
        path.write_text(TEXT)
    return root


def test_named_classes_of_city_folders_are_kinds_of_tracks_and_truth(tmp_path: Path) -> None:
    (city(tmp_path) / "classes.txt").write_text(NAMES)
    for source in (tmp_path, tmp_path / "S01"):
        assert read_tracks(source).boxes["kind"].to_list() == ["person", "person", "vehicle", None]
        kinds = read_truth(source).unique(["identity", "kind"]).sort("identity")["kind"]
        assert kinds.to_list() == ["person", "vehicle", None]


def test_classes_without_names_are_not_looked_at(tmp_path: Path) -> None:
    assert read_tracks(city(tmp_path)).boxes["kind"].null_count() == 4
    assert "kind" not in read_truth(tmp_path).columns


def test_a_folder_of_mot_text_has_its_classes_beside_it(tmp_path: Path) -> None:
    (tmp_path / "gate.txt").write_text(TEXT)
    (tmp_path / "classes.txt").write_text(NAMES)
    tracks = read_tracks(tmp_path)
    assert tracks.cameras == ["gate"]
    assert tracks.boxes["kind"].to_list() == ["person", "person", "vehicle", None]


def test_a_table_has_a_column_of_kinds(tmp_path: Path) -> None:
    rows = "camera,track,frame,left,top,width,height,kind\na,1,1,0,0,5,9,person\na,2,1,0,0,5,9,\n"
    (tmp_path / "tracks.csv").write_text(rows)
    assert read_tracks(tmp_path / "tracks.csv").boxes["kind"].to_list() == ["person", None]


def test_a_class_that_is_written_reads_back(tmp_path: Path) -> None:
    box = {"track": ["1"], "frame": [1], "left": [0.0], "top": [0.0], "width": [5.0], "height": [9.0]}
    write_mot(tmp_path / "a.txt", polars.DataFrame({**box, "confidence": [0.5], "class": [3]}))
    assert (tmp_path / "a.txt").read_text() == "1,1,0,0,5,9,0.5,3,-1,-1\n"
    assert read_mot(tmp_path / "a.txt", classes={3: "vehicle"})["kind"].to_list() == ["vehicle"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("1 person\nvehicle\n", "line 2: expected a new number and a name, such as 1 person, got 'vehicle'; rename"),
        (
            "1 person\n1 vehicle\n",
            "line 2: expected a new number and a name, such as 1 person, got '1 vehicle'; rename",
        ),
        ("1 person\n", "line 3: class 3 has no name; expected one of 1, or -1"),
    ],
)
def test_classes_that_are_wrong_are_refused_in_one_line(tmp_path: Path, names: str, message: str) -> None:
    (city(tmp_path) / "classes.txt").write_text(names)
    with pytest.raises(ReseenError, match=message):
        read_tracks(tmp_path)
