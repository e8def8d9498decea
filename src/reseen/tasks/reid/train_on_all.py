"""A last training on all identities, as long as the one whose epoch the held-out identities chose."""

from reseen.engine.run import Run
from reseen.engine.train import train_task
from reseen.errors import ReseenError
from reseen.progress import Progress
from reseen.tasks.reid.recipe import Recipe, recipe_of
from reseen.tasks.reid.task import Reidentification

FOLDER = "all-identities"
"""Its run, within that of the training that chose."""


def train_on_all(run: Run, *, images: int, all_images: int, progress: Progress) -> Run:
    """Train once more, the held-out identities included, for as many steps; continues where it was stopped.

    ``images`` and ``all_images``: training images without and with those of the held-out identities. The scores in its
    metrics are of identities that it trains on, and choose nothing.
    """
    recipe = recipe_of(run)
    epochs = max(1, round(best_epoch(run) * images / all_images))
    progress.say(f"training on all identities for {epochs} epochs, as many steps as the epoch that was chosen")
    return train_task(
        Reidentification(held_out_trains=True),
        recipe_on_all(recipe, epochs=epochs),
        data=run.data_path(),
        out=run.path / FOLDER,
        resume=True,
        progress=progress,
    ).run


def recipe_on_all(recipe: Recipe, *, epochs: int) -> Recipe:
    """The recipe of the last training: so many epochs, of which none is chosen."""
    warmup = recipe.training.warmup
    if warmup is not None and warmup.begin + warmup.epochs > epochs:
        raise ReseenError(
            f"validation.train_on_all: the chosen epoch is {epochs}, within training.warmup; shorten the warm-up"
        )
    training = recipe.training.model_copy(update={"epochs": epochs, "patience": None})
    evaluation = recipe.evaluation.model_copy(update={"every": 0})
    validation = recipe.validation.model_copy(update={"choose": False, "train_on_all": False})
    return recipe.model_copy(update={"training": training, "evaluation": evaluation, "validation": validation})


def best_epoch(run: Run) -> int:
    """The epoch whose weights were saved as the best: the first of those with the best mAP."""
    scored = [(float(str(row["mAP"])), -int(str(row["epoch"]))) for row in run.metrics() if "mAP" in row]
    return -max(scored)[1]
