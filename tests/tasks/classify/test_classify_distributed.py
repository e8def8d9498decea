"""Two gloo processes train one classifier, and their scores are those of one process."""

from functools import partial

import pytest

from begun_processes import run_command, run_in_two
from reseen.engine.run import open_run
from reseen.tasks.classify.evaluate import evaluate_run

pytestmark = pytest.mark.long


def test_two_processes_train_one_run_and_score_as_one_process_does(class_folder, classify_recipe, tmp_path):
    out = tmp_path / "run"
    words = ("train", classify_recipe, "--data", class_folder(), "--out", out, "--quiet", "--set", "training.epochs=1")
    printed = run_in_two(partial(run_command, "classify", *map(str, words)), tmp_path)
    assert printed.count("report:") == 1, "one process reports"
    run = open_run(out)
    # 9 validation images do not divide by 2 processes.
    assert run.metrics()[-1]["top1"] == pytest.approx(evaluate_run(run).report.top1, abs=1e-12)
