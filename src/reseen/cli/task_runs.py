"""Training of a task's recipe from the command line, up to the scores and the page of its run."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from reseen.cli.scores import show_run
from reseen.engine.task import Task
from reseen.engine.train import train_task
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
