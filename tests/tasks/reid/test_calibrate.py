"""Calibrating a run: the file it keeps, and what it says of the images it came from."""

import pytest

from kept_runs import keep_run
from reseen.errors import ReseenError
from reseen.metrics import Calibration, Embedded, calibrate
from reseen.tasks.reid.calibrate import OPTIMISTIC, calibrate_run
from reseen.tasks.reid.train import train


@pytest.fixture
def run(tmp_path, recipe_file):
    return keep_run(tmp_path / "run", recipe_file)


def test_thresholds_are_kept_in_the_run(run):
    found = calibrate_run(run.path, false_accept_rate=0.01)
    kept = [Embedded.load(run.embeddings / f"{side}.parquet") for side in ("query", "gallery")]
    direct = calibrate(*kept, false_accept_rate=0.01)
    assert Calibration.load(run.calibration_file) == found
    assert found.threshold == direct.threshold
    assert found.settings == direct.settings
    assert found.settings.startswith("market1501")
    assert calibrate_run(run, false_accept_rate=0.01, protocol="wildlife").settings.startswith("wildlife")


def test_the_runs_own_test_images_are_called_that(run):
    assert calibrate_run(run, false_accept_rate=0.01).source == OPTIMISTIC


def test_a_refusal_leaves_the_run_as_it_was(run):
    calibrate_run(run, false_accept_rate=0.01)
    before = run.calibration_file.read_bytes()
    with pytest.raises(ReseenError, match="528 pairs of different identities cannot show"):
        calibrate_run(run)
    assert run.calibration_file.read_bytes() == before


def test_data_to_calibrate_on_are_embedded_now(market, recipe_file, tmp_path):
    data = market("own")
    run = train(recipe_file, data=data, out=tmp_path / "run", overrides=["training.epochs=1", "transforms={}"]).run
    assert calibrate_run(run, data=data, false_accept_rate=0.5).source == OPTIMISTIC
    other = market("validation", test=5)
    found = calibrate_run(run, data=other, false_accept_rate=0.5)
    assert found.source == f"query and gallery of {other}"
    assert found.identities == 5
    assert not run.embeddings.exists()
