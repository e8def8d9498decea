"""Tracks from tables, CityFlow's layout and MOT text, and what is wrong with them."""

from pathlib import Path

import polars
import pytest
from PIL import Image

from reseen.data.tracks import read_mot, read_tracks, write_mot
from reseen.errors import ReseenError

HEADER = "camera,track,frame,left,top,width,height"


def table(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "boxes.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def city(root: Path, cameras: dict[str, str], *, starts: str = "") -> Path:
    for camera, text in cameras.items():
        file = root / "S01" / camera / "mtsc" / "mtsc_sort.txt"
        file.parent.mkdir(parents=True)
        file.write_text(text)
    (root / "cam_timestamp").mkdir(exist_ok=True)
    (root / "cam_timestamp" / "S01.txt").write_text(starts)
    return root


def test_a_table_with_frames_gets_times_at_ten_frames_a_second(tmp_path: Path) -> None:
    tracks = read_tracks(table(tmp_path, "c2,7,20,1,2,30,40", "c1,7,11,1,2,30,40", "c1,7,10,1,2,30,40"))
    assert tracks.boxes.select("camera", "track", "frame", "time").rows() == [
        ("c1", "7", 10, 1.0),
        ("c1", "7", 11, 1.1),
        ("c2", "7", 20, 2.0),
    ]
    assert tracks.boxes["image"].to_list() == [None] * 3
    assert tracks.boxes["confidence"].to_list() == [None] * 3
    assert tracks.cameras == ["c1", "c2"]
    assert tracks.notes == ()


def test_a_table_with_times_gets_frames_at_the_rate_that_is_given(tmp_path: Path) -> None:
    header = "camera,track,time,left,top,width,height,confidence"
    source = table(tmp_path, "a,x,2.5,0,0,9,9,0.5", "b,x,2.5,0,0,9,9,", header=header)
    tracks = read_tracks(source, rate={"a": 4}, offsets={"b": -0.5})
    assert tracks.boxes.select("camera", "frame", "time", "confidence").rows() == [
        ("a", 10, 2.5, 0.5),
        ("b", 25, 2.0, None),
    ]


def test_a_parquet_table_reads_as_the_csv_does(tmp_path: Path) -> None:
    source = table(tmp_path, "c1,7,10,1,2,30,40", "c1,7,11,1,2,30,40")
    other = tmp_path / "boxes.parquet"
    polars.read_csv(source).write_parquet(other)
    assert read_tracks(other).boxes.equals(read_tracks(source).boxes)


@pytest.mark.parametrize(("second", "crops"), [("b.jpg", True), ("a.jpg", False)])
def test_images_that_several_boxes_share_are_frames(tmp_path: Path, second: str, crops: bool) -> None:
    source = table(tmp_path, "c1,7,1,1,2,3,4,a.jpg", f"c1,8,1,1,2,3,4,{second}", header=f"{HEADER},image")
    tracks = read_tracks(source)
    assert tracks.crops is crops
    assert tracks.root == tmp_path
    assert tracks.boxes["image"].to_list() == ["a.jpg", second]
    assert read_tracks(source, crops=True).crops


def test_city_folders_give_times_from_the_start_of_each_camera(tmp_path: Path) -> None:
    root = city(
        tmp_path / "set",
        {"c001": "10,3,5,6,70,80,1,-1,-1,-1\n", "c002": "5,4,5.5,6,70,80,0.5,-1,-1,-1\n"},
        starts="c001 0\nc002 1.64\n",
    )
    for source in (root, root / "S01"):
        boxes = read_tracks(source).boxes
        assert boxes.select("camera", "track", "frame", "left").rows() == [
            ("c001", "3", 10, 5.0),
            ("c002", "4", 5, 5.5),
        ]
        assert boxes["time"].to_list() == pytest.approx([1.0, 1.64 + 0.5])
        assert boxes["confidence"].to_list() == [1.0, 0.5]


def test_rates_of_city_folders_stand_beside_the_starts_and_must_not_be_contradicted(tmp_path: Path) -> None:
    root = city(tmp_path, {"c001": "10,3,5,6,70,80\n"})
    (root / "cam_rate").mkdir()
    (root / "cam_rate" / "S01.txt").write_text("c001 5\n")
    assert read_tracks(root).boxes["time"].to_list() == [2.0]
    with pytest.raises(ReseenError, match="c001 has two rates: 5 frames a second by its own files, 10 as given"):
        read_tracks(root, rate=10.0)


def test_crops_of_city_folders_are_found_by_track_and_frame(tmp_path: Path) -> None:
    root = city(tmp_path, {"c001": "10,3,5,6,70,80\n11,3,5,6,70,80\n"})
    crop = root / "S01/c001/crops/0003/000010.jpg"
    crop.parent.mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(crop)
    tracks = read_tracks(root)
    assert tracks.crops
    assert tracks.boxes["image"].to_list() == ["S01/c001/crops/0003/000010.jpg", None]
    assert (tracks.root / tracks.boxes["image"][0]).is_file()


def test_boxes_that_reach_out_of_frames_are_clipped_and_counted(tmp_path: Path) -> None:
    root = city(
        tmp_path, {"c001": "1,1,-10,5,30,20\n2,1,90,40,30,20\n3,1,200,0,10,10\n4,1,5,5,0,10\n5,1,10,10,20,20\n"}
    )
    frame = root / "S01/c001/img1/000001.jpg"
    frame.parent.mkdir()
    Image.new("RGB", (100, 50)).save(frame)
    tracks = read_tracks(root)
    assert tracks.boxes.select("left", "top", "width", "height").rows() == [
        (0, 5, 20, 20),
        (90, 40, 10, 10),
        (10, 10, 20, 20),
    ]
    assert tracks.notes == (
        "2 of 5 boxes reached out of their frame and were clipped",
        "2 of 5 boxes have no area inside their frame and were left out",
    )
    assert not tracks.crops
    assert tracks.boxes["image"].to_list() == ["S01/c001/img1/000001.jpg", None, None]


def test_tracks_of_several_trackers_need_a_name(tmp_path: Path) -> None:
    root = city(tmp_path, {"c001": "10,3,5,6,70,80\n"})
    (root / "S01/c001/mtsc/mtsc_moana.txt").write_text("10,9,5,6,70,80\n")
    with pytest.raises(ReseenError, match=r"several trackers \(moana, sort\)"):
        read_tracks(root)
    assert read_tracks(root, tracker="moana").boxes["track"].to_list() == ["9"]
    with pytest.raises(ReseenError, match="did you mean 'moana'"):
        read_tracks(root, tracker="moan")


def test_a_folder_of_mot_text_has_a_camera_a_file(tmp_path: Path) -> None:
    (tmp_path / "north.txt").write_text("25 1 5 6 70 80 0.9 -1 -1 -1\n")
    (tmp_path / "south.txt").write_text("")
    (tmp_path / "north").mkdir()
    (tmp_path / "north" / "seqinfo.ini").write_text("[Sequence]\nname=north\nframeRate=25\n")
    tracks = read_tracks(tmp_path)
    assert tracks.boxes.select("camera", "track", "frame", "time").rows() == [("north", "1", 25, 1.0)]
    assert tracks.notes == ("camera south has no tracks",)
    assert read_tracks(tmp_path / "north.txt").boxes.equals(tracks.boxes)


def test_mot_text_that_is_written_reads_back(tmp_path: Path) -> None:
    boxes = read_tracks(table(tmp_path, "c1,7,10,1.25,2,30,40", "c1,12,10,4,2,30,40")).boxes
    path = tmp_path / "out.txt"
    write_mot(path, boxes, origin=1)
    assert path.read_text() == "10,7,2.25,3,30,40,-1,-1,-1,-1\n10,12,5,3,30,40,-1,-1,-1,-1\n"
    again = read_mot(path, origin=1)
    assert again.equals(boxes.sort("frame", polars.col("track").cast(int)).select(again.columns))
    with pytest.raises(ReseenError, match="got 'x'"):
        write_mot(path, boxes.with_columns(track=polars.lit("x")))


def test_times_and_frames_of_two_rates_are_noted(tmp_path: Path) -> None:
    header = "camera,track,frame,time,left,top,width,height"
    rows = [f"c1,1,{k},{k / 10 if k < 20 else 2 + (k - 20) / 5},0,0,9,9" for k in range(40)]
    assert read_tracks(table(tmp_path, *rows, header=header)).notes == (
        "camera c1: times and frames give two rates, 10 and 5 a second",
    )
    assert read_tracks(table(tmp_path, *rows[:20], header=header)).notes == ()


@pytest.mark.parametrize(
    ("rows", "header", "message"),
    [
        (["c1,7,1,1,2,3,4", "c1,7,1,9,2,3,4"], HEADER, "camera c1, track 7, frame 1 has several"),
        ([], HEADER, "expected a row per box, got none"),
        (["c1,7,1,1,2,3,4"], HEADER.replace("track", "trak"), "no column 'track'; did you mean 'trak'"),
        (["c1,7,1,1,2,3,4"], HEADER.replace("frame", "tme"), r"a column time \(seconds\) or frame.*did you mean 'tme'"),
        (["c1,7,1,1,2,0,4"], HEADER, "got no box with an area"),
        (["c1,7,1,x,2,3,4"], HEADER, "1 rows whose left is no number.*: 2"),
        (["c1,7,1.5,1,2,3,4"], HEADER, "frame is no whole number"),
        (["c1,7,1,1,2,inf,4"], HEADER, "width is no number"),
        (["c1,,1,1,2,3,4"], HEADER, "1 rows without track"),
    ],
)
def test_a_table_that_is_wrong_is_refused_in_one_line(
    tmp_path: Path, rows: list[str], header: str, message: str
) -> None:
    with pytest.raises(ReseenError, match=message) as raised:
        read_tracks(table(tmp_path, *rows, header=header))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "got 1 empty files"),
        ("1,1,5,6,7\n", "line 1: expected frame,id,left,top,width,height"),
        ("\n1,1,5,6,7,8\n2,a,5,6,7,8\n", "line 3: expected frame,id"),
        ("1,-1,5,6,7,8\n", "boxes without an id"),
        ("1.5,1,5,6,7,8\n", "whole number as frame"),
    ],
)
def test_mot_text_that_is_wrong_is_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "c1.txt"
    path.write_text(text)
    with pytest.raises(ReseenError, match=message):
        read_tracks(path)


def test_unknown_cameras_in_offsets_and_rates_are_refused(tmp_path: Path) -> None:
    source = table(tmp_path, "c1,7,1,1,2,3,4")
    with pytest.raises(ReseenError, match="offsets: no camera 'c01'; did you mean 'c1'"):
        read_tracks(source, offsets={"c01": 1.0})
    with pytest.raises(ReseenError, match="rate: no camera 'c01'; did you mean 'c1'"):
        read_tracks(source, rate={"c01": 1.0})
    with pytest.raises(ReseenError, match="above 0, got 0"):
        read_tracks(source, rate=0)


def test_a_place_without_tracks_says_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match="no such file or folder"):
        read_tracks(tmp_path / "absent")
    with pytest.raises(ReseenError, match=r"expected a \.csv or \.parquet table of boxes"):
        read_tracks(tmp_path)
    (tmp_path / "S01" / "c001").mkdir(parents=True)
    with pytest.raises(ReseenError, match=r"mtsc/mtsc_\*.txt, got none"):
        read_tracks(tmp_path)
