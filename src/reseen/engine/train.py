"""Training of any task: from its recipe and data to a run directory, new or resumed."""

from pathlib import Path
from typing import NamedTuple

from reseen.engine.assemble import assemble
from reseen.engine.distributed import in_first_process, step_in_words
from reseen.engine.hardware import launch, uncompiled
from reseen.engine.resumed import free_or_resumed, require_automatic_settings, run_directory
from reseen.engine.run import Run
from reseen.engine.task import DataT, Task
from reseen.engine.train_epochs import TrainingJob, train_epochs
from reseen.engine.training_lock import claimed
from reseen.engine.training_state import restored
from reseen.progress import SILENT, Progress
from reseen.recipe.training import RecipeT


class Trained(NamedTuple):
    """The trained run, the epochs that were done, and the monitored score of the best one as a fraction (mAP in re-ID).

    ``first_process`` is True in one process of a distributed run, the one that should go on to report.
    """

    run: Run
    epochs: int
    best_score: float
    first_process: bool


def train_task(
    task: Task[RecipeT, DataT],
    recipe: RecipeT,
    *,
    data: Path | str,
    out: Path | str,
    resume: bool = False,
    progress: Progress = SILENT,
) -> Trained:
    """Train a task into a run directory.

    Args:
        task: What is trained.
        recipe: The task's recipe.
        data: The folder or file of the data.
        out: The run directory.
        resume: Continue a run that was stopped or killed from its last checkpoint, which ends, on the CPU, with the
            same weights bit for bit; without a run, begin one.
        progress: Shows bars and lines.

    Raises:
        ReseenError: An error that the user can mend, before the first step wherever it can be known by then.
        Stopped: After Ctrl-C, when everything is saved.
    """
    require_automatic_settings(recipe)
    recipe, out = task.resolve(recipe), Path(out)
    fabric = launch(recipe.hardware, every_parameter_used=task.every_parameter_used(recipe))
    progress = progress if fabric.is_global_zero else SILENT
    with claimed(out, fabric=fabric, progress=progress):
        recipe = in_first_process(fabric, lambda: free_or_resumed(out, recipe, resume=resume))
        loaded = task.load_data(Path(data), recipe, fabric=fabric, progress=progress)
        recipe, loaded = task.prepare(recipe, loaded, fabric=fabric, progress=progress)
        components = task.build(recipe, loaded.data, rank=fabric.global_rank, world_size=fabric.world_size)
        parts = assemble(components, recipe, fabric=fabric)
        run = in_first_process(fabric, lambda: run_directory(out, recipe, facts=loaded.facts, parts=parts))
        progress.say(step_in_words(parts, epochs=recipe.training.epochs))
        with uncompiled(recipe.hardware):
            task.begin(recipe, loaded.data, components.learner, folder=run.path, fabric=fabric, progress=progress)
        state = restored(run, parts, progress=progress)
        train_epochs(TrainingJob(task, run, recipe, loaded.data, parts, progress), state)
    assert state.best is not None, "the last epoch is always scored"
    return Trained(run, state.place.epoch, state.best, fabric.is_global_zero)
