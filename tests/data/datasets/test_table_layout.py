"""A CSV or Parquet table: columns, types, splits, and each thing that can be wrong with one, in one line."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import polars
import pytest

from reseen.data.datasets import read_data
from reseen.errors import ReseenError
from reseen.retrieval.sources import read_source


@pytest.fixture
def home(tmp_path: Path, write_named: Callable[..., Path]) -> Path:
    return write_named(tmp_path / "own", [f"images/{number}.jpg" for number in range(12)])


def write(home: Path, header: str, *rows: str) -> Path:
    path = home / "cars.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


ROWS = [f"images/{row}.jpg,{'0012' if row < 4 else '0007'},{row % 2},{part},{row / 2}" for row, part in enumerate(
    ["train"] * 4 + ["query"] * 2 + ["gallery"] * 6)]  # fmt: skip
HEADER = "path,identity,camera,split,blur"


def test_every_column_is_read_and_others_are_kept(home: Path) -> None:
    splits = read_data(write(home, HEADER, *ROWS))
    assert (len(splits.train), len(splits.query), len(splits.gallery)) == (4, 2, 6)
    assert splits.train.identity_names == ("0012",), "leading zeros stay"
    assert splits.train.cameras.tolist() == ["0", "1", "0", "1"]
    assert splits.train.view_names == ()
    assert splits.train.frame.columns == ["path", "identity", "camera", "view", "blur"]
    assert splits.query.paths == [home / "images/4.jpg", home / "images/5.jpg"]
    assert splits.root == home


def test_empty_cells_are_unknown_and_absolute_paths_stay(home: Path) -> None:
    rows = [f"{home}/images/0.jpg, a ,,front,train", "images/1.jpg,b, 1,,query", "images/2.jpg,b,,,gallery"]
    splits = read_data(write(home, "path,identity,camera,view,split", *rows))
    assert splits.train.paths == [home / "images/0.jpg"]
    assert splits.train.identities.tolist() == ["a"]
    assert (splits.train.cameras.tolist(), splits.train.views.tolist()) == ([""], ["front"])
    assert (splits.query.cameras.tolist(), splits.query.views.tolist()) == (["1"], [""])


def test_parquet_with_numbers_reads_like_csv_with_names(home: Path) -> None:
    frame = polars.DataFrame(
        {
            "path": [f"images/{row}.jpg" for row in range(3)],
            "identity": [3, 12, 12],
            "camera": [1.0, 2.0, None],
            "split": ["train", "query", "gallery"],
            "blur": [0.5, 1.5, 2.5],
        }
    )
    frame.write_parquet(home / "cars.parquet")
    splits = read_data(home)
    assert splits.train.identities.tolist() == ["3"]
    assert splits.query.cameras.tolist() == ["2"]
    assert splits.gallery.cameras.tolist() == [""]
    assert splits.gallery.frame["blur"].to_list() == [2.5]


def test_without_split_identities_are_split_here(home: Path) -> None:
    path = write(home, "path,identity", *[f"images/{row}.jpg,{'abcd'[row // 3]}" for row in range(12)])
    splits = read_data(path, seed=1)
    assert len(splits.train.identity_names) == 2
    assert (len(splits.query), len(splits.gallery)) == (2, 4)
    assert not set(splits.train.identity_names) & set(splits.gallery.identity_names)
    assert read_data(path, seed=1).query.frame.equals(splits.query.frame)


def test_test_rows_are_divided_into_query_and_gallery(home: Path) -> None:
    rows = [f"images/{row}.jpg,{'ab'[row // 6]},{'train' if row < 6 else 'test'}" for row in range(12)]
    splits = read_data(write(home, "path,identity,split", *rows))
    assert splits.train.identity_names == ("a",)
    assert (len(splits.query), len(splits.gallery)) == (1, 5)


WRONG = {
    "no column 'path'; did you mean 'Path'": ["Path,identity", "images/0.jpg,a"],
    "no column 'identity'; did you mean 'ident'": ["path,ident", "images/0.jpg,a"],
    "no column 'camera', but one named 'camera_id'; rename it": ["path,identity,camera_id", "images/0.jpg,a,1"],
    "expected a row per image, got none": ["path,identity"],
    "1 rows without path, .*: 3$": ["path,identity", "images/0.jpg,a", ",b"],
    "2 rows without identity, .*: 3, 4$": ["path,identity", "images/0.jpg,a", "images/1.jpg,", "images/2.jpg, "],
    "no split 'querry'; did you mean 'query'": ["path,identity,split", "images/0.jpg,a,train", "images/1.jpg,b,querry"],
    "1 rows without split, .*: 3$": ["path,identity,split", "images/0.jpg,a,train", "images/1.jpg,b,"],
    "got query rows but no gallery rows": ["path,identity,split", "images/0.jpg,a,query"],
    "test, or query and gallery, got both": ["path,identity,split", "images/0.jpg,a,test", "images/1.jpg,a,query"],
    r"5 of 5 listed files do not exist: gone/0.jpg, gone/1.jpg, gone/2.jpg, \.\.\.": [
        "path,identity",
        *[f"gone/{row}.jpg,a" for row in range(5)],
    ],
    "cannot read the table": ["path,identity", "images/0.jpg,a,b,c"],
}


@pytest.mark.parametrize("message", WRONG)
def test_a_wrong_table_is_one_line(home: Path, message: str) -> None:
    with pytest.raises(ReseenError, match=message) as caught:
        read_data(write(home, *WRONG[message]))
    assert str(caught.value).startswith(f"{home}/cars.csv: ")
    assert "\n" not in str(caught.value)


def test_a_broken_file_and_two_tables_are_refused(home: Path) -> None:
    (home / "cars.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(ReseenError, match=r"cars\.parquet: cannot read the table: "):
        read_data(home)
    (home / "empty.csv").touch()
    with pytest.raises(ReseenError, match=r"empty\.csv: cannot read the table: "):
        read_data(home / "empty.csv")
    with pytest.raises(ReseenError, match="got 2 tables"):
        read_data(home, layout="table")


def test_a_column_that_stands_twice_is_refused(home: Path) -> None:
    table = write(home, "path,identity,identity,,", "images/0.jpg,a,b,,", "images/1.jpg,c,d,,")
    for read in (read_data, read_source):
        with pytest.raises(ReseenError, match=r"cars.csv: more than one column is named identity; rename or remove"):
            read(table)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_path_is_no_pattern_and_no_other_table_is_read(home: Path, suffix: str) -> None:
    other, meant = home.parent / "set 1", home.parent / "set [1]"
    home.rename(other)
    shutil.copytree(other, meant)
    for folder, identity in ((other, "wrong"), (meant, "right")):
        rows = {
            "path": [f"images/{row}.jpg" for row in range(12)],
            "identity": [f"{identity}{row % 4}" for row in range(12)],
        }
        frame = polars.DataFrame(rows)
        frame.write_csv(folder / "t.csv") if suffix == ".csv" else frame.write_parquet(folder / "t.parquet")
    for source in (meant, meant / f"t{suffix}"):
        splits = read_data(source)
        assert {name[:5] for name in splits.train.identity_names} == {"right"}
    assert {record.identity[:5] for record in read_source(meant / f"t{suffix}").records if record.identity} == {"right"}


@pytest.mark.timeout(20)
def test_a_pipe_is_no_table(home: Path) -> None:
    write(home, HEADER, *ROWS)
    os.mkfifo(home / "pipe.csv")
    assert read_data(home).layout == "table"
