"""Choosing the layout: each recognises its own, "auto" finds it, and what none recognises is told what is expected."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reseen.data.datasets import LAYOUTS, choose_layout, read_data
from reseen.errors import ReseenError


@pytest.fixture
def samples(market: Path, veri: Path, tmp_path: Path, write_named: Callable[..., Path]) -> dict[str, Path]:
    table = write_named(tmp_path / "listed", ["images/0.jpg", "images/1.jpg", "images/2.jpg"])
    (table / "cars.csv").write_text(
        "path,identity,split\nimages/0.jpg,a,train\nimages/1.jpg,b,query\nimages/2.jpg,b,gallery\n"
    )
    names = [f"{identity}/{number}.jpg" for identity in "abcd" for number in range(3)]
    return {"market1501": market, "veri776": veri, "table": table, "folder": write_named(tmp_path / "folders", names)}


@pytest.mark.parametrize("name", LAYOUTS)
def test_auto_finds_the_layout_and_its_tables_are_whole(name: str, samples: dict[str, Path]) -> None:
    splits = read_data(samples[name])
    assert splits.layout == name == choose_layout(samples[name])
    assert splits.root == samples[name]
    for split in (splits.train, splits.query, splits.gallery):
        assert len(split) > 0
        assert all(path.is_absolute() and path.is_file() for path in split.paths)
    assert read_data(str(samples[name]), layout=name).query.frame.equals(splits.query.frame)
    assert splits.unparsed == ()


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_folder_of_another_layout_is_one_line_of_what_was_expected(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ReseenError, match="expected") as caught:
        read_data(tmp_path / "empty", layout=name)
    assert "\n" not in str(caught.value)


def test_missing_empty_and_unrecognised_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match="nowhere: no such folder or file"):
        read_data(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ReseenError, match="got an empty folder; the layouts are") as caught:
        read_data(tmp_path / "empty")
    assert all(f"{name}: {layout.expects}" in str(caught.value) for name, layout in LAYOUTS.items())
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(ReseenError, match="got none of these"):
        read_data(tmp_path / "notes.txt")
    with pytest.raises(ReseenError, match="got none of these"):
        read_data(tmp_path)


def test_an_unknown_layout_is_named_with_the_nearest(market: Path) -> None:
    with pytest.raises(ReseenError, match="no layout 'market'; did you mean 'market1501'"):
        read_data(market, layout="market")
