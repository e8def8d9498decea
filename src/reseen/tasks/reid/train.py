"""`train`: from a re-ID recipe and data to a run directory."""

from collections.abc import Sequence
from pathlib import Path

from reseen.engine.hardware import one_device
from reseen.engine.run import Run
from reseen.engine.train import Trained, train_task
from reseen.progress import SILENT, Progress
from reseen.recipe.training import read_as
from reseen.tasks.reid.choose import hand_over, hand_over_on_all
from reseen.tasks.reid.evaluate import splits_of, untrained_model
from reseen.tasks.reid.recipe import Recipe, recipe_of
from reseen.tasks.reid.task import REIDENTIFICATION
from reseen.tasks.reid.train_on_all import train_on_all
from reseen.tasks.reid.validation import hold_out, validation_rules


def train(
    recipe: Recipe | Path | str,
    *,
    data: Path | str,
    out: Path | str,
    overrides: Sequence[str] = (),
    resume: bool = False,
    progress: Progress | None = None,
) -> Trained:
    """Train a re-ID recipe on a data set into a run directory.

    Args:
        recipe: A recipe, a TOML file, or the name of a recipe that comes with reseen.
        data: A data set in any layout that `read_data` knows.
        out: The run directory to write.
        overrides: Settings to change, such as "training.epochs=20".
        resume: Continue a stopped or killed run; without one, begin a run.
        progress: Shows bars and lines; None for none.

    Returns:
        The run, its epochs and its best mAP.

    Raises:
        ReseenError: An error that the user can mend.
        Stopped: After Ctrl-C, when everything is saved.

    Example (not run):
        ```python
        train("demo", data="demo/data", out="runs/mine", overrides=["training.epochs=2"])
        ```
    """
    read = recipe if isinstance(recipe, Recipe) else read_as(Recipe, recipe, overrides=overrides)
    progress = progress or SILENT
    trained = train_task(REIDENTIFICATION, read, data=data, out=out, resume=resume, progress=progress)
    if trained.first_process:
        _choose_network(trained.run, progress=progress)
    return trained


def _choose_network(run: Run, *, progress: Progress) -> None:
    """Choose what a finished training hands over on its held-out identities, where its recipe says so."""
    recipe = recipe_of(run)
    if not (recipe.validation.choose and recipe.validation.identities):
        return
    splits = splits_of(run, None)
    held_out = hold_out(splits, recipe)
    choice = hand_over(
        run,
        untrained_model(recipe, held_out.train),
        validation=held_out,
        train=held_out.train,
        recipe=recipe,
        protocol=validation_rules(recipe, held_out),
        fabric=one_device(),
        progress=progress,
    )
    if recipe.validation.train_on_all and choice.chosen.candidate.share > 0:
        hand_over_on_all(
            run,
            train_on_all(run, images=len(held_out.train), all_images=len(splits.train), progress=progress),
            untrained_model(recipe, splits.train),
            choice=choice,
            train=splits.train,
            recipe=recipe,
            fabric=one_device(),
            progress=progress,
        )
