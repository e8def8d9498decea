"""The generator: a complete set in its layout, the same bytes for the same arguments, nothing half-written."""

import hashlib
import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reseen.data.datasets import read_data
from reseen.errors import ReseenError
from reseen.synth import contact_sheet, synthesise
from reseen.synth.kinds import SUBJECTS
from reseen.synth.layouts import LAYOUTS, RenderedSet
from reseen.synth.plan import make_plan
from shared import made_once

SMALL = {"identities": 9, "images": 60, "image_size": 48, "twins": 0.5, "masks": True}
NAME = re.compile(r"(\d{4})_c(\d{3})_(\d{8})_0\.jpg")


@pytest.fixture(scope="module")
def veri(tmp_path_factory) -> Path:
    return made_once(tmp_path_factory, "vehicles", lambda out: synthesise("vehicle", out, **SMALL, seed=3, workers=1))


def contents(root: Path) -> dict[str, str]:
    files = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def parsed(name: str) -> tuple[str, str]:
    found = NAME.fullmatch(name)
    assert found, name
    return found[1], found[2]


def test_worker_count_changes_nothing(veri: Path, tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    out = tmp_path / "new" / "set"
    result = synthesise(
        "vehicle", out, **SMALL, seed=3, workers=2, progress=lambda done, total: calls.append((done, total))
    )
    assert contents(out) == contents(veri)
    assert calls[0] == (0, 60)
    assert calls[-1] == (60, 60)
    assert [done for done, _ in calls] == sorted({done for done, _ in calls})
    assert result.root == out
    assert result.counts.train + result.counts.gallery == 60


def test_another_seed_makes_another_set(veri: Path, tmp_path: Path) -> None:
    synthesise("vehicle", tmp_path / "other", **SMALL, seed=4, workers=1)
    same = set(contents(veri).values()) & set(contents(tmp_path / "other").values())
    assert not any(name.endswith(".jpg") and value in same for name, value in contents(veri).items())


def test_masks_do_not_change_the_images(veri: Path, tmp_path: Path) -> None:
    synthesise("vehicle", tmp_path / "bare", **{**SMALL, "masks": False}, seed=3, workers=1)
    bare = contents(tmp_path / "bare")
    assert bare == {name: value for name, value in contents(veri).items() if not name.startswith("masks/")}


def test_lists_name_the_files_and_queries_are_copies(veri: Path) -> None:
    for split in ("train", "test", "query"):
        listed = lines(veri / f"name_{split}.txt")
        assert listed == sorted(path.name for path in (veri / f"image_{split}").iterdir())
    for path in (veri / "image_query").iterdir():
        assert path.read_bytes() == (veri / "image_test" / path.name).read_bytes()
    train, test = ({parsed(name)[0] for name in lines(veri / f"name_{split}.txt")} for split in ("train", "test"))
    assert not train & test
    assert sorted(train | test) == [f"{k:04d}" for k in range(1, 10)]
    queries = Counter(parsed(name) for name in lines(veri / "name_query.txt"))
    assert set(queries) == {parsed(name) for name in lines(veri / "name_test.txt")}
    assert set(queries.values()) == {1}


def test_match_lists_are_what_a_loop_finds(veri: Path) -> None:
    test = [parsed(name) for name in lines(veri / "name_test.txt")]
    for k, name in enumerate(lines(veri / "name_query.txt")):
        who, camera = parsed(name)
        good = [i for i, (w, c) in enumerate(test, start=1) if w == who and c != camera]
        junk = [i for i, (w, c) in enumerate(test, start=1) if w == who and c == camera]
        assert good
        assert [int(word) for word in lines(veri / "gt_index.txt")[k].split()] == good
        assert [int(word) for word in lines(veri / "jk_index.txt")[k].split()] == junk


@pytest.mark.parametrize("split", ["train", "test"])
def test_labels_and_orientations_cover_every_image(veri: Path, split: str) -> None:
    names = lines(veri / f"name_{split}.txt")
    items = ET.parse(veri / f"{split}_label.xml").getroot().findall("Items/Item")
    assert [item.attrib["imageName"] for item in items] == names
    colours, kinds = ({line.split()[0] for line in lines(veri / f"list_{word}.txt")} for word in ("color", "type"))
    for item in items:
        assert (item.attrib["vehicleID"], item.attrib["cameraID"][1:]) == parsed(item.attrib["imageName"])
        assert item.attrib["colorID"] in colours
        assert item.attrib["typeID"] in kinds
    rows = [line.split(" ") for line in lines(veri / f"keypoint_{split}.txt")]
    assert [Path(row[0]).name for row in rows] == names
    assert {len(row) for row in rows} == {42}
    assert {int(row[-1]) for row in rows} <= set(range(8))
    assert len({row[-1] for row in rows}) > 2


def test_tracks_hold_each_test_image_once(veri: Path) -> None:
    tracks = [line.split(" ") for line in lines(veri / "test_track.txt")]
    assert sorted(name for track in tracks for name in track) == lines(veri / "name_test.txt")
    assert all(len({parsed(name) for name in track}) == 1 for track in tracks)


def test_images_have_the_size_asked_for_and_masks_match_them(veri: Path) -> None:
    marked = 0
    for path in [*(veri / "image_train").iterdir(), *(veri / "image_test").iterdir()]:
        with (
            Image.open(path) as image,
            Image.open(veri / "masks" / path.parent.name / path.with_suffix(".png").name) as mask,
        ):
            assert image.size == mask.size == (48, 48)
            assert image.mode == "RGB"
            share = np.asarray(mask, float).mean()
        assert share < 0.5
        marked += share > 0
    assert marked > 50


def test_facts_tell_twins_marks_and_arguments(veri: Path) -> None:
    about = json.loads((veri / "synth.json").read_text())
    assert (about["kind"], about["seed"], about["identities"], about["images"]) == ("vehicle", 3, 9, 60)
    assert len(about["twin_pairs"]) == 2
    for one, other in about["twin_pairs"]:
        first, second = about["identity"][one], about["identity"][other]
        assert {k: v for k, v in first.items() if k != "marks"} == {k: v for k, v in second.items() if k != "marks"}
    assert all(person["marks"] for person in about["identity"].values())


def test_the_readers_read_it(veri: Path) -> None:
    splits = read_data(veri)
    assert splits.layout == "veri776"
    assert len(splits.train) + len(splits.gallery) == 60
    assert splits.train.frame["view"].null_count() == 0
    assert splits.gallery.frame["camera"].null_count() == 0


def test_a_contact_sheet_holds_its_rows_and_columns(veri: Path) -> None:
    sheet = contact_sheet(veri, rows=4, columns=3, height=48)
    assert sheet.size == (3 * 50 - 2, 4 * 50 - 2)
    with pytest.raises(ReseenError, match=r"synth\.json"):
        contact_sheet(veri.parent)


def test_market_queries_leave_the_gallery(tmp_path: Path) -> None:
    layout, subject = LAYOUTS["market1501"], SUBJECTS["vehicle"]
    people = subject.draw_identities(6, twins_share=0, rng=np.random.default_rng(0))
    plan = make_plan([False] * 6, images=40, cameras=6, test_share=layout.test_share, seed=(1,))
    for shot in plan.shots:
        for path in (tmp_path / layout.file(shot), tmp_path / "masks" / Path(layout.file(shot)).with_suffix(".png")):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(str(shot.place).encode())
    described = [subject.describe(one) for one in people]
    counts = layout.finish(tmp_path, RenderedSet(subject, plan.shots, {}, described))
    folders = ("bounding_box_train", "query", "bounding_box_test")
    names = [sorted(path.name for path in (tmp_path / folder).iterdir()) for folder in folders]
    assert [len(found) for found in names] == list(counts)
    assert sum(counts) == 40
    assert not set(names[1]) & set(names[2])
    for folder, found in zip(folders, names, strict=True):
        masks = sorted(path.name for path in (tmp_path / "masks" / folder).iterdir())
        assert masks == [name.replace(".jpg", ".png") for name in found]
    market = re.compile(r"\d{4}_c[1-6]s1_\d{6}_01\.jpg")
    assert all(market.fullmatch(name) for found in names for name in found)


@pytest.mark.parametrize(
    ("kind", "wrong", "message"),
    [
        ("vehicle", {"identities": 1}, "at least 2"),
        ("vehicle", {"images": 17}, "at least 18 images"),
        ("vehicle", {"image_size": 31}, "at least 32"),
        ("vehicle", {"twins": 1.5}, "from 0 to 1"),
        ("vehicle", {"seed": -1}, "0 or more"),
        ("vehicle", {"identities": 2, "twins": 1.0}, "share a split"),
        ("vehicel", {}, "did you mean 'vehicle'"),
    ],
)
def test_the_impossible_is_one_line_and_leaves_nothing(tmp_path: Path, kind: str, wrong: dict, message: str) -> None:
    with pytest.raises(ReseenError, match=message) as caught:
        synthesise(kind, tmp_path / "out", **{**SMALL, "workers": 1, **wrong})
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    for out in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(ReseenError, match="name a new"):
            synthesise("vehicle", out, **SMALL)
    assert contents(tmp_path).keys() == {"mine.txt"}


def test_an_interrupted_set_is_not_there_at_all(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done > 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesise("vehicle", tmp_path / "out", **SMALL, workers=1, progress=stop)
    assert not list(tmp_path.iterdir())


def test_height_and_width_may_differ_and_an_empty_folder_is_free(tmp_path: Path) -> None:
    (tmp_path / "wide").mkdir()
    synthesise("vehicle", tmp_path / "wide", identities=2, images=4, image_size=(40, 64), workers=1)
    for path in (tmp_path / "wide").glob("image_*/*.jpg"):
        with Image.open(path) as image:
            assert image.size == (64, 40)
