"""SIGKILL, for real: the process dies at once, the resumed run ends at the same weights bit for bit."""

import json
import signal
import time
from functools import partial
from pathlib import Path

import pytest
import torch

from begun_processes import Begun, begin
from reseen.tasks.reid.train import train

pytestmark = pytest.mark.long

EPOCHS = 18
OVERRIDES = [f"training.epochs={EPOCHS}", "evaluation.every=3"]


def training(*, recipe: Path, data: Path, out: Path) -> Begun:
    return begin(partial(train, recipe, data=data, out=out, resume=True, overrides=OVERRIDES), out.parent)


def epochs_done(run: Path) -> int:
    file = run / "metrics.jsonl"
    return len(file.read_text().splitlines()) if file.exists() else 0


def kill_after(epochs: int, *, recipe: Path, data: Path, out: Path) -> None:
    """Begin or resume, and kill once so many epochs stand in the metrics."""
    begun = training(recipe=recipe, data=data, out=out)
    while epochs_done(out) < epochs:
        assert begun.process.is_alive(), "it was to be killed before it was done"
        time.sleep(0.001)
    assert begun.end(within=0).code == -signal.SIGKILL


def test_killed_twice_it_ends_with_the_weights_of_a_run_never_killed(market, recipe_file, tmp_path):
    data, whole, killed = market(), tmp_path / "whole", tmp_path / "killed"
    kill_after(2, recipe=recipe_file, data=data, out=killed)
    kill_after(8, recipe=recipe_file, data=data, out=killed)
    ended = training(recipe=recipe_file, data=data, out=killed).end(within=240)
    assert ended.code == 0, ended.printed
    train(recipe_file, data=data, out=whole, overrides=OVERRIDES)
    first, second = (torch.load(out / "last.ckpt", weights_only=True)["learner"] for out in (whole, killed))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    rows = [json.loads(line)["epoch"] for line in (killed / "metrics.jsonl").read_text().splitlines()]
    assert rows == list(range(1, EPOCHS + 1)), "each epoch once"
