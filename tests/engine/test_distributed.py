"""Two gloo processes on this machine's CPU, started by torchrun, and as torchrun starts them."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from begun_processes import run_in_two
from reseen.engine.interrupt import Stopped
from reseen.engine.run import open_run
from reseen.tasks.reid.evaluate import evaluate_run
from reseen.tasks.reid.train import train
from stopping import Recorder

pytestmark = pytest.mark.long


@pytest.fixture
def recipe_file(recipe_file: Path) -> Path:
    """The tiny recipe with a batch that two processes can share out."""
    recipe_file.write_text(recipe_file.read_text().replace("identities = 3", "identities = 4"))
    return recipe_file


def by_torchrun(*program: object) -> str:
    """What the two processes printed that torchrun started to run the program's words."""
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"),
        *map(str, program),
    ]
    done = subprocess.run(
        command, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_two_processes_go_on_where_one_stopped_and_score_as_one_does(market, recipe_file, tmp_path):
    recipe_file.write_text(recipe_file.read_text().replace("epochs = 2", "epochs = 2\nema = 0.9"))
    data, out = market(train=12, test=25, shots=6), tmp_path / "run"
    with pytest.raises(Stopped):
        train(recipe_file, data=data, out=out, progress=Recorder(at_step=2))
    words = ("-m", "reseen", "train", recipe_file, "--data", data, "--out", out, "--quiet", "--resume")
    printed = by_torchrun(*words)
    assert printed.count("report:") == 1, "one process reports"
    run = open_run(out)
    rows = run.metrics()
    assert [(row["epoch"], row["processes"]) for row in rows] == [(1, 2), (2, 2)]
    assert (out / "report.html").exists()
    # 25 queries do not divide by 2 processes: the gathered order must be the table's all the same. And each process
    # has seen other images, so that only the kept batch norms, shared out, give the score of the kept weights.
    alone = evaluate_run(run).report
    assert rows[-1]["mAP"] == pytest.approx(alone.mean_average_precision, abs=1e-12)


def test_two_processes_train_by_triplets_alone(market, recipe_file, tmp_path):
    text = recipe_file.read_text().replace("cross_entropy = { label_smoothing = 0.1 }\n", "")
    recipe_file.write_text(text.replace("epochs = 2", "epochs = 1"))
    out = tmp_path / "run"
    run_in_two(partial(train, recipe_file, data=market(), out=out), tmp_path)
    assert [row["epoch"] for row in open_run(out).metrics()] == [1]


def test_two_processes_train_branches_whose_necks_no_loss_sees(market, recipe_file, tmp_path):
    text = recipe_file.read_text().replace(
        'backbone = "test_resnet.r160_in1k"',
        'backbone = "resnet14t"\n'
        'branches = [{ name = "hca", role = "classify" }, { name = "bottleneck", role = "triplet" }]\nmetadata = {}',
    )
    recipe_file.write_text(text.replace("epochs = 2", "epochs = 1\nfreeze_backbone = 1"))
    out = tmp_path / "run"
    run_in_two(partial(train, recipe_file, data=market(), out=out), tmp_path)
    assert [row["epoch"] for row in open_run(out).metrics()] == [1]
