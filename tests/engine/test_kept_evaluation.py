"""What a run kept gives the same report as evaluating it, and is not believed where it cannot be true."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from reseen.engine import kept_evaluation as kept_module
from reseen.engine.evaluate import evaluate_run
from reseen.engine.kept_evaluation import kept_evaluation
from reseen.errors import ReseenError


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
    found, expected = kept_evaluation(run), evaluate_run(run)
    assert embedded_again == []
    assert found.report.as_dict() == expected.report.as_dict()
    np.testing.assert_array_equal(found.report.average_precisions, expected.report.average_precisions)
    np.testing.assert_array_equal(found.gallery.vectors, expected.gallery.vectors)
    assert found.splits.query.paths == expected.splits.query.paths


def test_nothing_kept_or_newer_weights_are_evaluated(run, embedded_again):
    (run / "embeddings" / "gallery.parquet").unlink()
    kept_evaluation(run)
    assert embedded_again == [run]
    assert (run / "embeddings" / "gallery.parquet").exists()
    later = (run / "embeddings" / "query.parquet").stat().st_mtime + 10
    os.utime(run / "best.safetensors", (later, later))
    kept_evaluation(run)
    assert embedded_again == [run, run]


def test_embeddings_of_other_pictures_are_refused(run, market, embedded_again):
    other = market("other", test=2)
    with pytest.raises(ReseenError, match=r"made from 3 other pictures than the 2 of these data.*reseen evaluate"):
        kept_evaluation(run, data=other)
    renamed = market("renamed")
    next((renamed / "bounding_box_test").iterdir()).rename(renamed / "bounding_box_test" / "0007_c2s9_000009_01.jpg")
    with pytest.raises(ReseenError, match="made from 9 other pictures than the 9 of these data"):
        kept_evaluation(run, data=renamed)
    assert embedded_again == []


def test_data_that_moved_are_found_with_a_word(run, market):
    assert kept_evaluation(run, data=market("moved")).report.evaluated == 3
