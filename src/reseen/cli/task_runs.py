"""Training and scoring of a task's runs from the command line, up to the scores and the page."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from reseen.cli.scores import show_run
from reseen.engine.run import open_run
from reseen.engine.task import Task
from reseen.engine.train import train_task
from reseen.files import write_json
from reseen.progress import Progress
from reseen.recipe.training import read_as


def train_and_report(
    task: Task[Any, Any],
    recipe: str,
    report: Callable[..., Path],
    *,
    data: Path,
    out: Path,
    overrides: Sequence[str],
    resume: bool,
    progress: Progress,
) -> None:
    """Train, evaluate, write the page with ``report(run, progress=...)``, and print the scores.

    In a distributed run the first process alone goes on after training.
    """
    read = read_as(task.recipe_type, recipe, overrides=overrides)
    trained = train_task(task, read, data=data, out=out, resume=resume, progress=progress)
    if trained.first_process:
        page = report(trained.run, progress=progress)
        show_run(trained.run, columns=task.metrics, page=page)


def tell_scores(run: Path, report: Mapping[str, Any], *, task: Task[Any, Any], json: Path | None) -> None:
    """Write a run's new report to the file ``json``, if there is one, and print the run's scores."""
    if json is not None:
        write_json(json, report)
    show_run(open_run(run), columns=task.metrics)
