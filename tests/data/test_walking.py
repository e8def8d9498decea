"""Folders are walked through their links and end, and names that no table can hold are told in one line."""

import os
from pathlib import Path

import pytest
from PIL import Image

from reseen.data.walking import images_below, readable
from reseen.errors import ReseenError


def test_linked_folders_are_followed_and_loops_end(tmp_path: Path) -> None:
    for place in ("real/b.png", "photos/a.JPG", "photos/.hidden/c.png", "photos/.d.png", "photos/notes.txt"):
        (tmp_path / place).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / place).touch()
    (tmp_path / "photos" / "linked").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "up").symlink_to(tmp_path / "photos")
    (tmp_path / "photos" / "self").symlink_to(tmp_path / "photos")
    found = [path.relative_to(tmp_path).as_posix() for path in images_below(tmp_path / "photos")]
    assert found == ["photos/a.JPG", "photos/linked/b.png"]


def test_bytes_that_are_no_utf_8_are_readable() -> None:
    assert readable(os.fsdecode(b"caf\xe9.png")) == "caf\\xe9.png"
    assert readable(Path("café/d.png")) == "café/d.png"
    assert readable("\ud800") == "\\ud800"


def not_utf_8(folder: Path) -> Path:
    """An image in the folder whose name is Latin-1."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / os.fsdecode(b"caf\xe9.png")
    Image.new("RGB", (8, 8)).save(path)
    return path


@pytest.mark.parametrize("command", ["check", "embed", "gallery add"])
def test_names_that_are_not_utf_8_are_one_line(reseen, tmp_path: Path, command: str) -> None:
    not_utf_8(tmp_path / "photos" / "p0")
    Image.new("RGB", (8, 8)).save(tmp_path / "photos" / "p0" / "b.png")
    words = {
        "check": ["check", tmp_path / "photos"],
        "embed": ["embed", tmp_path / "photos", "--out", tmp_path / "out"],
        "gallery add": ["gallery", "add", tmp_path / "gallery", tmp_path / "photos"],
    }[command]
    code, out, error = reseen(*words)
    assert (code, out) == (2, "")
    assert "1 file names are not UTF-8, so no table can hold them" in error.splitlines()[-1]
    assert "caf\\xe9.png" in error.splitlines()[-1]


def test_one_file_of_such_a_name_is_refused_by_a_gallery(reseen, tmp_path: Path) -> None:
    _, out, error = reseen("gallery", "add", tmp_path / "gallery", not_utf_8(tmp_path))
    assert "caf\\xe9.png: its name is not UTF-8, which a gallery cannot hold; rename it" in out + error


def test_a_folder_of_such_a_name_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    with pytest.raises(ReseenError, match=r"caf\\xe9: the path is not UTF-8"):
        images_below(folder)


def test_an_overlong_path_is_one_line(reseen, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    code, out, error = reseen("embed", tmp_path / "a.png", "--out", tmp_path / ("n" * 300))
    assert (code, out) == (2, "")
    assert error.splitlines()[-1].startswith("reseen: ")
    code, _, error = reseen("embed", tmp_path, "--out", tmp_path / ("n" * 300))
    assert code == 2
    assert error.splitlines()[-1].endswith("File name too long")
