"""Two gloo processes train one classifier, and their scores are those of one process."""

import os
import subprocess
import sys

import pytest

from reseen.engine.run import open_run
from reseen.tasks.classify.evaluate import evaluate_run

pytestmark = pytest.mark.long


def test_two_processes_train_one_run_and_score_as_one_process_does(class_folder, classify_recipe, tmp_path):
    out = tmp_path / "run"
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"),
        *("-m", "reseen", "classify", "train", str(classify_recipe), "--data", str(class_folder()), "--out", str(out)),
        *("--quiet", "--set", "training.epochs=1"),
    ]
    done = subprocess.run(
        command, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("report:") == 1, "one process reports"
    run = open_run(out)
    # 9 validation images do not divide by 2 processes.
    assert run.metrics()[-1]["top1"] == pytest.approx(evaluate_run(run).report.top1, abs=1e-12)
