"""Two gloo processes on this machine's CPU, as torchrun starts them."""

import os
import subprocess
import sys

import pytest

from reseen.engine.evaluate import evaluate_run
from reseen.engine.run import open_run


def test_two_processes_train_one_run_and_score_as_one_process_does(market, recipe_file, tmp_path):
    data, out = market(), tmp_path / "run"
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"),
        *("-m", "reseen", "train", str(recipe_file), "--data", str(data), "--out", str(out), "--quiet"),
    ]
    done = subprocess.run(
        command, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("report:") == 1, "one process reports"
    run = open_run(out)
    rows = run.metrics()
    assert [row["epoch"] for row in rows] == [1, 2]
    assert (out / "report.html").exists()
    # 3 queries do not divide by 2 processes: the gathered order must be the table's all the same.
    alone = evaluate_run(run).report
    assert rows[-1]["mAP"] == pytest.approx(alone.mean_average_precision, abs=1e-12)
