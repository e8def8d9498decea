"""What a run kept gives the same report as evaluating it, and is not believed where it cannot be true."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from reseen.engine.run import open_run
from reseen.errors import ReseenError
from reseen.metrics import Embedded
from reseen.tasks.reid import saved_evaluation as kept_module
from reseen.tasks.reid.calibrate import calibrate_run
from reseen.tasks.reid.compare import compare_runs
from reseen.tasks.reid.evaluate import evaluate_run
from reseen.tasks.reid.saved_embeddings import load_embeddings
from reseen.tasks.reid.saved_evaluation import saved_evaluation
from stopping import Recorder


@pytest.fixture
def run(finished, tmp_path: Path) -> Path:
    return shutil.copytree(finished[0], tmp_path / "run")


@pytest.fixture
def embedded_again(monkeypatch) -> list[Path]:
    """Which runs were evaluated anew."""
    seen = []

    def listen(run, **settings):
        seen.append(run.path)
        return evaluate_run(run, **settings)

    monkeypatch.setattr(kept_module, "evaluate_run", listen)
    return seen


def test_the_report_is_that_of_the_evaluation(run, embedded_again):
    found, expected = saved_evaluation(run), evaluate_run(run)
    assert embedded_again == []
    assert found.report.as_dict() == expected.report.as_dict()
    np.testing.assert_array_equal(found.report.average_precisions, expected.report.average_precisions)
    np.testing.assert_array_equal(found.gallery.vectors, expected.gallery.vectors)
    assert found.splits.query.paths == expected.splits.query.paths


def test_where_nothing_is_kept_the_run_is_evaluated(run, embedded_again):
    (run / "embeddings" / "gallery.parquet").unlink()
    saved_evaluation(run)
    assert embedded_again == [run]
    assert (run / "embeddings" / "gallery.parquet").exists()


def test_a_copied_run_is_believed_whatever_the_times_of_its_files(run, embedded_again):
    later = (run / "embeddings" / "query.parquet").stat().st_mtime + 10
    os.utime(run / "best.safetensors", (later, later))
    saved_evaluation(run)
    assert embedded_again == []


def test_embeddings_of_other_weights_are_made_again_and_it_is_said(run, finished, embedded_again):
    shutil.copy(finished[1] / "best.safetensors", run)
    os.utime(run / "best.safetensors", (0, 0))
    said = Recorder()
    saved_evaluation(run, progress=said)
    assert embedded_again == [run]
    assert "are of other weights than best.safetensors: they are made again" in said.lines[0]
    saved_evaluation(run)
    assert embedded_again == [run], "now they are its own"


def test_embeddings_that_name_no_weights_are_made_again_and_it_is_said(run, embedded_again):
    for file in (run / "embeddings").iterdir():
        Embedded.load(file).save(file)
    said = Recorder()
    saved_evaluation(run, progress=said)
    assert embedded_again == [run]
    assert "do not say of which weights they are" in said.lines[0]


def test_calibrating_and_comparing_never_use_embeddings_of_other_weights(run, finished):
    shutil.copy(finished[1] / "best.safetensors", run)
    said = Recorder()
    compare_runs(run, finished[1], progress=said)
    assert "are of other weights" in said.lines[0]
    mine, its = (load_embeddings(open_run(path)).query.vectors for path in (run, finished[1]))
    np.testing.assert_array_equal(mine, its)


def test_a_run_in_a_folder_named_like_a_pattern_is_read_as_it_is_named(finished, tmp_path):
    run = shutil.copytree(finished[0], tmp_path / "lr=1e-3 [1] x?*")
    shutil.copytree(finished[1], tmp_path / "lr=1e-3 1 xy")
    found = saved_evaluation(run)
    np.testing.assert_array_equal(found.query.vectors, saved_evaluation(finished[0]).query.vectors)
    assert calibrate_run(run, false_accept_rate=0.2, false_alarm_rate=0.5).threshold <= 1


def test_embeddings_of_other_images_are_refused(run, market, embedded_again):
    other = market("other", test=2)
    with pytest.raises(ReseenError, match=r"made from 3 other images than the 2 of these data.*reseen evaluate"):
        saved_evaluation(run, data=other)
    renamed = market("renamed")
    next((renamed / "bounding_box_test").iterdir()).rename(renamed / "bounding_box_test" / "0007_c2s9_000009_01.jpg")
    with pytest.raises(ReseenError, match="made from 9 other images than the 9 of these data"):
        saved_evaluation(run, data=renamed)
    assert embedded_again == []


def test_data_that_moved_are_found_with_a_word(run, market):
    assert saved_evaluation(run, data=market("moved")).report.evaluated == 3
