"""The scene generator: a complete set in Cityscapes' layout, the same bytes however and in how many goes it is made."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torchvision.datasets import Cityscapes

from reseen.errors import ReseenError
from reseen.synth import synthesise_scenes
from reseen.synth.scene import LABELS
from reseen.synth.scene.fleet import VEHICLES, Fleet
from reseen.synth.scene.scenes import BATCH, files, split_of
from reseen.synth.scene.street import draw_street
from shared import made_once

SIZE = {"images": 5, "image_size": 48, "seed": 5}


def contents(root: Path) -> dict[str, str]:
    paths = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(out: Path) -> None:
        assert synthesise_scenes(out, **SIZE, workers=1) == (out, 4, 1)

    return made_once(tmp_path_factory, "scenes", make)


class StoppedError(Exception):
    """As Ctrl-C would."""


def stop(done: int, total: int) -> None:
    if done:
        raise StoppedError


def test_two_processes_and_a_stop_in_between_change_nothing(scenes: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "set"
    with pytest.raises(StoppedError):
        synthesise_scenes(out, **SIZE, workers=1, progress=stop)
    assert not out.exists()
    told: list[tuple[int, int]] = []
    synthesise_scenes(out, **SIZE, workers=2, progress=lambda done, total: told.append((done, total)))
    assert told[0] == (BATCH, 5)
    assert told[-1] == (5, 5)
    assert contents(out) == contents(scenes)
    assert [path.name for path in out.parent.iterdir()] == ["set"]


def test_what_is_left_of_another_set_is_not_gone_on_from(scenes: Path, tmp_path: Path) -> None:
    draft = tmp_path / ".set-unfinished"
    image, _ = files(draft, 0)
    image.parent.mkdir(parents=True)
    image.write_bytes(b"another set's")
    with pytest.raises(StoppedError):
        synthesise_scenes(tmp_path / "set", **SIZE, workers=1, progress=stop)
    assert image.read_bytes() == files(scenes, 0)[0].read_bytes()


def test_torchvision_reads_it(scenes: Path) -> None:
    for split, count in (("train", 4), ("val", 1)):
        read = Cityscapes(str(scenes), split=split, mode="fine", target_type="semantic")
        assert len(read) == count
        for image, labels in read:
            assert image.size == labels.size == (96, 48)
            assert set(np.unique(np.asarray(labels)).tolist()) <= set(LABELS.values())


def test_images_are_lit_and_labels_are_streets(scenes: Path) -> None:
    for place in range(5):
        image, labels = (np.asarray(Image.open(path)) for path in files(scenes, place))
        assert image.shape == (48, 96, 3)
        assert image.std() > 15
        bottom, top = labels[36], labels[:4]
        assert {LABELS["road"]} <= set(bottom.tolist())
        assert not {LABELS["road"], LABELS["ego vehicle"]} & set(top.ravel().tolist())
        assert (labels[-1] == LABELS["ego vehicle"]).any()


def test_facts_say_what_was_asked_for(scenes: Path) -> None:
    facts = json.loads((scenes / "synth.json").read_text())
    assert facts["images"] == 5
    assert facts["image_size"] == [48, 96]
    assert facts["labels"] == dict(LABELS)


def test_validation_meets_no_vehicle_of_training() -> None:
    train, val = (Fleet((5, 1, side))._cars for side in (0, 1))
    assert not set(train) & set(val)
    assert len(train) == sum(VEHICLES.values())
    assert [split_of(place) for place in range(5)] == ["train", "train", "train", "val", "train"]


def test_a_street_is_a_function_of_its_seed() -> None:
    one, same, other = (
        draw_street(np.random.default_rng(seed), urban=0.5, fleet=Fleet((0,)), lamps_on=False) for seed in (3, 3, 4)
    )
    assert len(one.things) == len(same.things) != len(other.things)
    for a, b in zip(one.things, same.things, strict=True):
        assert a.label == b.label
        assert np.array_equal(a.model.vertices, b.model.vertices)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"images": 3}, "images: at least 4"),
        ({"image_size": 16}, "image size: at least 32"),
        ({"seed": -1}, "seed: 0 or more"),
    ],
)
def test_impossible_sets_are_refused(change: dict[str, int], said: str, tmp_path: Path) -> None:
    with pytest.raises(ReseenError, match=said):
        synthesise_scenes(tmp_path / "set", **{**SIZE, **change})
    assert not list(tmp_path.iterdir())


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(ReseenError, match="holds files already"):
        synthesise_scenes(tmp_path, **SIZE)
    assert (tmp_path / "mine.txt").read_text() == "keep"
