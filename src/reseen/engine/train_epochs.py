"""The epochs of a training: each is trained, scored when it is due, and saved, until the run is at its end."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from time import perf_counter
from typing import Any, Generic

from reseen.engine.checkpoint import Place, save_weights
from reseen.engine.distributed import in_first_process, share_buffers
from reseen.engine.hardware import uncompiled
from reseen.engine.interrupt import Stopped, stop_requests
from reseen.engine.loop import EpochStats, LoopParts, train_epoch
from reseen.engine.patience import early_stop_in_words, scorings_without_gain
from reseen.engine.predicted_time import Forecast, Plan
from reseen.engine.run import Run
from reseen.engine.task import DataT, Task
from reseen.engine.training_state import TrainingState, save_state
from reseen.progress import Bar, Progress
from reseen.recipe.training import RecipeT


@dataclass(frozen=True)
class TrainingJob(Generic[RecipeT, DataT]):
    """One training: a task with its recipe and data, in a run directory."""

    task: Task[RecipeT, DataT]
    run: Run
    recipe: RecipeT
    data: DataT
    parts: LoopParts
    progress: Progress


def train_epochs(job: TrainingJob[RecipeT, DataT], state: TrainingState) -> None:
    """Train from the state's place to the run's end; the state is brought up to date in place.

    Raises Stopped after a request to stop, when everything is saved.
    """
    epochs, steps = job.recipe.training.epochs, len(job.parts.batches)
    forecast = Forecast(_plan(job), start=state.place)
    finished = _is_finished(job, state)
    with stop_requests() as stop_requested, job.progress.bar(f"train {epochs} epochs", total=epochs * steps) as bar:
        bar.advance(state.place.epoch * steps + state.place.step)
        while not finished:
            _advance(job, state, forecast=forecast, stop_requested=stop_requested, bar=bar)
            save_state(job.run, job.parts, state)
            finished = _is_finished(job, state)
            if stop_requested() and not finished:
                raise _stopped(job, state)


def _advance(
    job: TrainingJob[RecipeT, DataT],
    state: TrainingState,
    *,
    forecast: Forecast,
    stop_requested: Callable[[], bool],
    bar: Bar,
) -> None:
    """Train to the end of the epoch, or to a request to stop; close an epoch that is done."""

    def after_step(place: Place) -> None:
        _say(job, forecast.step_done(place, scoring_seconds=state.scoring_seconds))

    forecast.begin_epoch()
    state.place = train_epoch(
        job.parts, state.place, state.stats, stop_requested=stop_requested, bar=bar, after_step=after_step
    )
    if state.place.step == 0:
        _close_epoch(job, state)
        if (seconds := state.scoring_seconds) is not None:
            _say(job, forecast.scoring_done(state.place, scoring_seconds=seconds))


def _stopped(job: TrainingJob[RecipeT, DataT], state: TrainingState) -> Stopped:
    return Stopped(
        f"stopped at epoch {state.place.epoch + 1}, step {state.place.step + 1}; "
        f"everything is saved in {job.run.path}: continue with the same command and --resume"
    )


def _plan(job: TrainingJob[RecipeT, DataT]) -> Plan:
    """What the time that is left is predicted from."""
    recipe, batches, warmup = job.recipe, job.parts.batches, job.recipe.training.warmup
    return Plan(
        epochs=recipe.training.epochs,
        steps=len(batches),
        batch_images=batches.images,
        every=recipe.evaluation.every,
        scored_images=job.task.scored_images(recipe, job.data),
        shortest=1 if warmup is None else ceil(warmup.begin + warmup.epochs),
        may_stop_early=recipe.training.patience is not None,
    )


def _say(job: TrainingJob[RecipeT, DataT], line: str | None) -> None:
    if line is not None:
        job.progress.say(line)


def _is_finished(job: TrainingJob[RecipeT, DataT], state: TrainingState) -> bool:
    """Whether the run is at its end: of its epochs, or of its patience, which it then says."""
    training, task, done = job.recipe.training, job.task, state.place.epoch
    if done >= training.epochs:
        return True
    if training.patience is None:
        return False
    without_gain = in_first_process(  # all processes stop at once, whatever each computed
        job.parts.fabric, lambda: scorings_without_gain(state.rows, monitor=task.monitor)
    )
    if without_gain < training.patience:
        return False
    best = f"{task.metrics[task.monitor]} {state.best:.1%}"
    job.progress.say(early_stop_in_words(done, epochs=training.epochs, patience=training.patience, best=best))
    return True


def _close_epoch(job: TrainingJob[RecipeT, DataT], state: TrainingState) -> None:
    """Add the epoch's row; score it when the recipe says so, and save the weights if they are the best so far."""
    row: dict[str, Any] = {
        "epoch": state.place.epoch,
        **state.stats.row(),
        "processes": job.parts.fabric.world_size,
        "learning_rate": max(group["lr"] for group in job.parts.optimizer.param_groups),
    }
    if _is_due(job, state.place.epoch):
        row |= _timed_score(job)
        _keep_best(job, state, score=row[job.task.monitor])
        scores = ", ".join(f"{words} {row[key]:.1%}" for key, words in job.task.metrics.items() if key in row)
        job.progress.say(f"epoch {state.place.epoch}: loss {row['loss']:.3f}, {scores}")
    state.rows.append(row)
    state.stats = EpochStats()


def _is_due(job: TrainingJob[RecipeT, DataT], done: int) -> bool:
    """Whether a scoring follows the ``done`` epochs; the last epoch is always scored."""
    every = job.recipe.evaluation.every
    return done == job.recipe.training.epochs or bool(every and done % every == 0)


def _timed_score(job: TrainingJob[RecipeT, DataT]) -> dict[str, float]:
    """The scores, and how long they took."""
    parts, began = job.parts, perf_counter()
    share_buffers(parts.scored, fabric=parts.fabric)
    with uncompiled(job.recipe.hardware):
        scores = job.task.score(parts.scored, job.data, job.recipe, fabric=parts.fabric, progress=job.progress)
    return {**scores, "scoring_seconds": round(perf_counter() - began, 2)}


def _keep_best(job: TrainingJob[RecipeT, DataT], state: TrainingState, *, score: float) -> None:
    """Save the weights if their score is the best so far."""
    if not (state.best is None or score > state.best):
        return
    state.best = score
    if job.parts.fabric.is_global_zero:
        card = job.task.card(job.recipe, job.data, score=score)
        save_weights(job.run.best_weights, job.parts.saved(), card)
