"""What every run's page says of its run: the command for it, and a warning where the best epoch was chosen."""

import json
from pathlib import Path

import pytest

from reseen.engine.run import Run
from reseen.report.sections import best_epoch, command_of


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "data.json").write_text(json.dumps({"path": "my data"}))
    return Run(tmp_path)


def write_epochs(run: Run, *rows: dict[str, float]) -> None:
    lines = [json.dumps({"epoch": number, **row}) for number, row in enumerate(rows, start=1)]
    (run.path / "metrics.jsonl").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(("task", "verb"), [((), "reseen train"), (("classify",), "reseen classify train")])
def test_the_command_of_a_run_trains_it_again_beside_it(run, task, verb):
    recipe, out = run.path / "recipe.toml", f"{run.path}-again"
    assert command_of(run, *task) == f"{verb} {recipe} --data 'my data' --out {out}"


def test_the_best_of_several_scored_epochs_is_said_to_be_chosen(run):
    write_epochs(run, {"mAP": 0.1}, {}, {"mAP": 0.3})
    expected = " The best of 2 scored epochs is shown, chosen on the same query and gallery."
    assert best_epoch(run, "mAP", chosen_on="query and gallery") == expected


def test_a_single_scored_epoch_needs_no_warning(run):
    write_epochs(run, {}, {"mAP": 0.3})
    assert best_epoch(run, "mAP") == ""
