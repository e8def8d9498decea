"""SIGKILL, for real: the process dies at once, the resumed run ends at the same weights bit for bit."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from reseen.tasks.reid.train import train

pytestmark = pytest.mark.long

EPOCHS = 18
OVERRIDES = [f"training.epochs={EPOCHS}", "evaluation.every=3"]


def command(recipe: Path, data: Path, out: Path) -> list[str]:
    script = (
        "import sys; from reseen.tasks.reid.train import train\n"
        "if __name__ == '__main__':\n"
        f"    train(sys.argv[1], data=sys.argv[2], out=sys.argv[3], resume=True, overrides={OVERRIDES})"
    )
    return [sys.executable, "-c", script, str(recipe), str(data), str(out)]


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1"}


def epochs_done(run: Path) -> int:
    file = run / "metrics.jsonl"
    return len(file.read_text().splitlines()) if file.exists() else 0


def kill_after(epochs: int, *, recipe: Path, data: Path, out: Path) -> None:
    """Begin or resume, and kill once so many epochs stand in the metrics."""
    with subprocess.Popen(command(recipe, data, out), env=environment()) as process:
        while epochs_done(out) < epochs:
            assert process.poll() is None, "it was to be killed before it was done"
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL


def test_killed_twice_it_ends_with_the_weights_of_a_run_never_killed(market, recipe_file, tmp_path):
    data, whole, killed = market(), tmp_path / "whole", tmp_path / "killed"
    kill_after(2, recipe=recipe_file, data=data, out=killed)
    kill_after(8, recipe=recipe_file, data=data, out=killed)
    subprocess.run(command(recipe_file, data, killed), env=environment(), check=True, timeout=240)
    train(recipe_file, data=data, out=whole, overrides=OVERRIDES)
    first, second = (torch.load(out / "last.ckpt", weights_only=True)["learner"] for out in (whole, killed))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    rows = [json.loads(line)["epoch"] for line in (killed / "metrics.jsonl").read_text().splitlines()]
    assert rows == list(range(1, EPOCHS + 1)), "each epoch once"
