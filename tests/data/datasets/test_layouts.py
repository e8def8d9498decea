"""Choosing the layout: each recognises its own, "auto" finds it, and what none recognises is told what is expected."""

from collections.abc import Callable
from pathlib import Path

import pytest

from public_trees import NP_FILES
from reseen.data.datasets import LAYOUTS, choose_layout, read_data
from reseen.errors import ReseenError


@pytest.fixture
def samples(
    tmp_path: Path, write_named: Callable[..., Path], request: pytest.FixtureRequest
) -> dict[str, Callable[[], Path]]:
    def get(name: str) -> Callable[[], Path]:
        return lambda: request.getfixturevalue(name)

    def made(name: str, *given: object) -> Callable[[], Path]:
        return lambda: request.getfixturevalue(name)(*given)

    def table() -> Path:
        root = write_named(tmp_path / "listed", ["images/0.jpg", "images/1.jpg", "images/2.jpg"])
        (root / "cars.csv").write_text(
            "path,identity,split\nimages/0.jpg,a,train\nimages/1.jpg,b,query\nimages/2.jpg,b,gallery\n"
        )
        return root

    frame = ["image_id,identity,path,split", *[f"{row},{'abb'[row // 2]},images/{row}.jpg" for row in range(6)]]
    rows = [f"{row},{'train' if number < 2 else 'test'}" for number, row in enumerate(frame[1:])]
    return {
        "cuhk03_labelled": lambda: write_named(tmp_path / "cuhk03-np/labeled", NP_FILES),
        "cuhk03_detected": lambda: write_named(tmp_path / "cuhk03-np/detected", NP_FILES),
        "dukemtmc": get("duke"),
        "market1501": get("market"),
        "msmt17": made("msmt17"),
        "cityflow": get("cityflow"),
        "veri776": get("veri"),
        **{f"vehicleid_{size}": made("vehicleid", size) for size in (800, 1600, 2400)},
        "veriwild_small": made("veriwild", 3000),
        "veriwild_medium": made("veriwild", 5000),
        "veriwild_large": made("veriwild", 10000),
        "wildlife": made("wildlife", frame[0], *rows),
        "table": table,
        "folder": lambda: write_named(
            tmp_path / "folders", [f"{identity}/{number}.jpg" for identity in "abcd" for number in range(3)]
        ),
    }


@pytest.mark.parametrize("name", LAYOUTS)
def test_auto_finds_the_layout_and_its_tables_are_whole(name: str, samples: dict[str, Callable[[], Path]]) -> None:
    root = samples[name]()
    splits = read_data(root)
    assert splits.layout == name == choose_layout(root)
    assert splits.root == root
    for split in (splits.train, splits.query, splits.gallery):
        assert len(split) > 0
        assert all(path.is_absolute() and path.is_file() for path in split.paths)
    assert read_data(str(root), layout=name).query.frame.equals(splits.query.frame)
    assert splits.unparsed == ()


@pytest.mark.parametrize("name", LAYOUTS)
def test_no_identity_is_both_trained_and_tested(name: str, samples: dict[str, Callable[[], Path]]) -> None:
    splits = read_data(samples[name]())
    tested = {*splits.query.identity_names, *splits.gallery.identity_names}
    assert not tested & set(splits.train.identity_names)
    assert set(splits.query.identity_names) <= set(splits.gallery.identity_names)


@pytest.mark.parametrize("name", sorted(set(LAYOUTS) - {"wildlife", "table", "folder"}))
def test_a_set_may_lie_one_folder_below_the_given_one(name: str, samples: dict[str, Callable[[], Path]]) -> None:
    root = samples[name]()
    (root.parent / "another").mkdir()
    assert read_data(root.parent, layout=name).root == root


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_folder_of_another_layout_is_one_line_of_what_was_expected(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ReseenError, match="expected") as caught:
        read_data(tmp_path / "empty", layout=name)
    assert "\n" not in str(caught.value)


def test_of_two_sets_one_folder_down_none_is_chosen(market: Path, write_named: Callable[..., Path]) -> None:
    write_named(market.parent / "second", ["bounding_box_train/0002_c1s1_000451_03.jpg"])
    with pytest.raises(ReseenError, match="got none of these"):
        read_data(market.parent)


def test_below_a_folder_per_identity_no_set_is_looked_for(market: Path) -> None:
    for number in range(101):
        (market.parent / f"{number:04d}").mkdir()
    with pytest.raises(ReseenError, match="got none of these"):
        choose_layout(market.parent)


def test_several_layouts_of_one_set_are_a_choice_to_make(vehicleid: Callable[..., Path]) -> None:
    root = vehicleid(800, 2400)
    with pytest.raises(ReseenError, match=r"PKU VehicleID in several .* --layout, .*: vehicleid_800, vehicleid_2400$"):
        read_data(root)
    assert read_data(root, layout="vehicleid_2400").layout == "vehicleid_2400"


def test_missing_empty_and_unrecognised_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match="nowhere: no such folder or file"):
        read_data(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ReseenError, match="got an empty folder; give a folder with one sub-folder") as caught:
        read_data(tmp_path / "empty")
    assert str(caught.value).endswith(", ".join(LAYOUTS))
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(ReseenError, match="got none of these"):
        read_data(tmp_path / "notes.txt")
    with pytest.raises(ReseenError, match="got none of these"):
        read_data(tmp_path)


def test_an_unknown_layout_is_named_with_the_nearest(market: Path) -> None:
    with pytest.raises(ReseenError, match="no layout 'market'; did you mean 'market1501'"):
        read_data(market, layout="market")
