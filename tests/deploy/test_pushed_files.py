"""What is published of a run tells neither where anything lies nor how cameras are called."""

import json
from collections.abc import Callable
from pathlib import Path

import polars
import pytest
from PIL import Image

from reseen.deploy.pushing import stage
from reseen.engine.checkpoint import load_card
from reseen.engine.run import Run
from reseen.metrics import Calibration
from reseen.tasks.reid.calibrate import OPTIMISTIC, calibrate_run
from reseen.tasks.reid.evaluate import evaluate_run
from reseen.tasks.reid.train import train

CAMERAS = ("gate of the depot", "back door of the depot")
PLAIN = 'backbone = "test_resnet.r160_in1k"'
KNOWING = 'backbone = "narrow_resnet14t"\nbranches = [{ name = "bottleneck", role = "both" }]\nmetadata = {}'


def write_table(folder: Path, *, draw: Callable[..., Image.Image], first: int = 0) -> Path:
    """Ten identities before two cameras that have names."""
    folder.mkdir(parents=True)
    rows = []
    for identity in range(first, first + 10):
        for shot in range(4):
            draw(identity, shot).save(folder / f"{identity}-{shot}.png")
            rows.append({"path": f"{identity}-{shot}.png", "identity": f"no {identity}", "camera": CAMERAS[shot % 2]})
    polars.DataFrame(rows).write_csv(folder / "table.csv")
    return folder / "table.csv"


def pushed(run: Run, folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    stage(run, folder, repository="owner/name")
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture
def run(request: pytest.FixtureRequest, recipe_file: Path, tmp_path: Path, image: Callable[..., Image.Image]) -> Run:
    """Trained, scored on other data too, and calibrated on those."""
    home = tmp_path / "home-of-alice" / "customer"
    data, other = (write_table(home / f"set-{first}", draw=image, first=first) for first in (0, 20))
    recipe_file.write_text(recipe_file.read_text().replace(PLAIN, request.param))
    trained = train(recipe_file, data=data, out=home / "run", overrides=["training.epochs=1"]).run
    evaluate_run(trained)
    evaluate_run(trained, data=other)
    calibrate_run(trained, data=other, false_accept_rate=0.2, false_alarm_rate=0.2)
    return trained


@pytest.mark.parametrize("run", [PLAIN], indirect=True)
def test_no_folder_and_no_camera_is_in_anything_that_is_pushed(run: Run, tmp_path: Path) -> None:
    assert "customer" in Calibration.load(run.calibration_file).source
    assert any("customer" in name for name in run.scores())
    files = pushed(run, tmp_path / "staged")
    assert files.keys() == {"README.md", "calibration.json", "config.json", "model.safetensors"}
    private = (str(tmp_path), "alice", "customer", "set-20", "depot")
    assert [(name, word) for name, text in files.items() for word in private if word.encode() in text] == []
    assert b"| trained |" in files["README.md"]
    told, kept = (json.loads(text) for text in (files["calibration.json"], run.calibration_file.read_text()))
    assert told.pop("source") == "other images than those it was scored on"
    assert told == {name: value for name, value in kept.items() if name != "source"}
    calibrate_run(run, false_accept_rate=0.2, false_alarm_rate=0.2)
    assert json.loads(pushed(run, tmp_path / "again")["calibration.json"])["source"] == OPTIMISTIC


@pytest.mark.parametrize("run", [KNOWING], indirect=True)
def test_a_network_with_a_table_of_cameras_keeps_their_names(run: Run, tmp_path: Path) -> None:
    pushed(run, tmp_path / "staged")
    assert tuple(load_card(tmp_path / "staged" / "model.safetensors").camera_names) == tuple(sorted(CAMERAS))
