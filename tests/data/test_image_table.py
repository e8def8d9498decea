"""A folder or a table becomes one row an image."""

from pathlib import Path

import polars
import pytest

from reseen.data.image_table import list_images
from reseen.errors import ReseenError


def test_a_folder_is_walked_in_order_without_what_is_hidden(tmp_path: Path) -> None:
    for name in ("b.jpg", "a/2.PNG", "a/1.jpeg", "notes.txt", ".trash/x.jpg", "a/.x.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    listed = list_images(tmp_path)
    assert listed.columns == ["path"]
    assert listed["path"].to_list() == [str(tmp_path / name) for name in ("a/1.jpeg", "a/2.PNG", "b.jpg")]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_table_keeps_its_columns(tmp_path: Path, suffix: str) -> None:
    frame = polars.DataFrame({"camera": ["c1", "c2"], "path": ["x.jpg", "/far/y.jpg"], "note": ["0012", None]})
    table = tmp_path / f"t.{suffix}"
    frame.write_csv(table) if suffix == "csv" else frame.write_parquet(table)
    listed = list_images(table)
    assert listed.columns == ["camera", "path", "note"]
    assert listed["path"].to_list() == [str(tmp_path / "x.jpg"), "/far/y.jpg"]
    assert listed["note"].to_list() == ["0012", None]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("file\na.jpg\n", "no column 'path'"),
        ("path\n", "expected a row per image, got none"),
        ("path,n\na.jpg,1\n,2\n", "1 rows without path, counting the header as row 1: 3$"),
        ("path\na.jpg\nb.jpg\na.jpg\n", r"1 paths are listed more than once: .*a\.jpg"),
        ('path\n"a', "cannot read the table"),
    ],
)
def test_a_table_that_is_none_is_one_line(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(ReseenError, match=reason) as raised:
        list_images(tmp_path / "t.csv")
    assert "\n" not in str(raised.value)


def test_what_is_neither_is_told(tmp_path: Path) -> None:
    (tmp_path / "t.txt").touch()
    (tmp_path / "empty").mkdir()
    for name, reason in (
        ("gone", "no such file or folder"),
        ("t.txt", "expected a folder of"),
        ("empty", "found none"),
    ):
        with pytest.raises(ReseenError, match=reason):
            list_images(tmp_path / name)
