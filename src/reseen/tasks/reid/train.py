"""`train`: from a recipe of re-identification and data to a run directory."""

from collections.abc import Sequence
from pathlib import Path

from reseen.engine.train import Trained, train_task
from reseen.progress import SILENT, Progress
from reseen.recipe.training import read_as
from reseen.tasks.reid.recipe import Recipe
from reseen.tasks.reid.task import REIDENTIFICATION


def train(
    recipe: Recipe | Path | str,
    *,
    data: Path | str,
    out: Path | str,
    overrides: Sequence[str] = (),
    resume: bool = False,
    progress: Progress | None = None,
) -> Trained:
    """Train a re-ID recipe on data into the run directory ``out``; see `reseen.engine.train.train_task`."""
    read = recipe if isinstance(recipe, Recipe) else read_as(Recipe, recipe, overrides=overrides)
    return train_task(REIDENTIFICATION, read, data=data, out=out, resume=resume, progress=progress or SILENT)
