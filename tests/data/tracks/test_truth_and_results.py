"""The truth about tracks and the AI City Challenge's result file."""

from pathlib import Path

import polars
import pytest

from reseen.data.tracks import read_result, read_truth, write_result
from reseen.errors import ReseenError

BOXES = polars.DataFrame(
    {
        "camera": ["c041", "c041", "c002"],
        "identity": ["12", "3", "12"],
        "frame": [4, 4, 9],
        "left": [1.4, 2.0, 3.0],
        "top": [1.6, 2.0, 3.0],
        "width": [10.0, 20.0, 30.0],
        "height": [11.0, 21.0, 31.0],
    }
)


def test_a_result_file_has_the_columns_of_the_challenge_and_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "track.txt"
    assert write_result(path, BOXES) == {"12": 12, "3": 3}
    assert path.read_text() == "2 12 9 3 3 30 31 -1 -1\n41 3 4 2 2 20 21 -1 -1\n41 12 4 1 2 10 11 -1 -1\n"
    read = read_result(path)
    assert read.columns == BOXES.columns
    assert read.select("camera", "identity", "frame").rows() == [("c002", "12", 9), ("c041", "3", 4), ("c041", "12", 4)]
    assert read_truth(path).equals(read.sort("camera", "frame", "identity"))


def test_identities_that_are_names_are_numbered_from_one(tmp_path: Path) -> None:
    named = BOXES.with_columns(identity=polars.Series(["b", "a", "b"]))
    assert write_result(tmp_path / "track.txt", named) == {"a": 1, "b": 2}
    assert read_result(tmp_path / "track.txt")["identity"].to_list() == ["2", "1", "2"]


@pytest.mark.parametrize(
    ("cameras", "message"),
    [(["c1", "c1", "north"], "'north': a result file needs a number"), (["c1", "c1", "d01"], "'d01': another camera")],
)
def test_cameras_without_a_number_of_their_own_are_refused(tmp_path: Path, cameras: list[str], message: str) -> None:
    with pytest.raises(ReseenError, match=message):
        write_result(tmp_path / "track.txt", BOXES.with_columns(camera=polars.Series(cameras)))
    with pytest.raises(ReseenError, match="got none"):
        write_result(tmp_path / "track.txt", BOXES.clear())


def test_the_truth_of_city_folders_leaves_out_what_is_not_counted(tmp_path: Path) -> None:
    for camera, text in {
        "c001": "4,7,1,2,30,40,1,-1,-1,-1\n5,7,1,2,30,40,0,-1,-1,-1\n",
        "c002": "9,7,1,2,3,4,1,-1,-1,-1\n",
    }.items():
        file = tmp_path / "S01" / camera / "gt" / "gt.txt"
        file.parent.mkdir(parents=True)
        file.write_text(text)
    truth = read_truth(tmp_path)
    assert truth.rows() == [("c001", "7", 4, 1, 2, 30, 40), ("c002", "7", 9, 1, 2, 3, 4)]
    table = tmp_path / "truth.csv"
    truth.write_csv(table)
    assert read_truth(table).equals(truth)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "got an empty file"),
        ("41 1 2 3 4 5\n", "line 1: expected camera_id obj_id"),
        ("41 1 x 3 4 5 6 -1 -1\n", "have no frame that is a number"),
        ("c41 1 2 3 4 5 6 -1 -1\n", "cameras as numbers, got 'c41'"),
        ("41 1 2 3 4 5 6 -1 -1\n41 1 2 9 4 5 6 -1 -1\n", "identity 1 has several boxes"),
    ],
)
def test_a_truth_that_is_wrong_is_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "truth.txt"
    path.write_text(text)
    with pytest.raises(ReseenError, match=message):
        read_truth(path)


def test_a_place_without_truth_says_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match=r"gt/gt.txt"):
        read_truth(tmp_path)
    (tmp_path / "t.csv").write_text("camera,identify,frame,left,top,width,height\nc1,1,1,1,1,1,1\n")
    with pytest.raises(ReseenError, match="no column 'identity'; did you mean 'identify'"):
        read_truth(tmp_path / "t.csv")
