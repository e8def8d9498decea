"""Training of any task: from its recipe and data to a run directory, new or resumed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import ceil
from pathlib import Path
from time import perf_counter
from typing import Any, Generic, NamedTuple

from reseen.engine.assemble import assemble
from reseen.engine.checkpoint import Place, load_checkpoint, save_checkpoint, save_weights
from reseen.engine.distributed import in_first_process, share_buffers, step_in_words
from reseen.engine.hardware import launch, uncompiled
from reseen.engine.interrupt import Stopped, stop_requests
from reseen.engine.loop import EpochStats, LoopParts, train_epoch
from reseen.engine.patience import early_stop_in_words, scorings_without_gain
from reseen.engine.predicted_time import Forecast, Plan
from reseen.engine.resumed import free_or_resumed, require_automatic_settings, run_directory
from reseen.engine.run import Run
from reseen.engine.task import DataT, Task
from reseen.engine.training_lock import claimed
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


@dataclass
class TrainingState:
    """How far a run has come: its place, the sums of the epoch, the best score and the finished epochs' rows."""

    place: Place = field(default_factory=Place)
    stats: EpochStats = field(default_factory=EpochStats)
    best: float | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class TrainingJob(Generic[RecipeT, DataT]):
    """One training: a task with its recipe and data, in a run directory."""

    task: Task[RecipeT, DataT]
    run: Run
    recipe: RecipeT
    data: DataT
    parts: LoopParts
    progress: Progress


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
        job = TrainingJob(task, run, recipe, loaded.data, parts, progress)
        state = _restored(job)
        _train_epochs(job, state)
    assert state.best is not None, "the last epoch is always scored"
    return Trained(run, state.place.epoch, state.best, fabric.is_global_zero)


def _restored(job: TrainingJob[RecipeT, DataT]) -> TrainingState:
    """The state of the run's last checkpoint, which is loaded into the job's objects; a new state without one."""
    if not job.run.last_checkpoint.exists():
        return TrainingState()
    saved = load_checkpoint(job.run.last_checkpoint)
    parts = job.parts
    parts.learner.load_state_dict(saved["learner"])
    parts.optimizer.load_state_dict(saved["optimizer"])
    parts.fabric.strategy.precision.load_state_dict(saved["precision"])
    if parts.averaged is not None:
        parts.averaged.module.load_state_dict(saved["averaged"])
    place = Place(*saved["place"])
    job.progress.say(f"resumed at epoch {place.epoch + 1}, step {place.step + 1}{_processes_changed(saved, parts)}")
    rows = [row for row in job.run.metrics() if int(str(row["epoch"])) <= place.epoch]
    return TrainingState(place, EpochStats(**saved["tally"]), saved["best"], rows)


def _processes_changed(saved: Mapping[str, Any], parts: LoopParts) -> str:
    """The note for another number of processes than before: batches are the same, so a place means the same."""
    before, now = saved.get("processes", 1), parts.fabric.world_size
    return "" if before == now else f"; processes: {before} before, {now} now, which share the same batches"


def _train_epochs(job: TrainingJob[RecipeT, DataT], state: TrainingState) -> None:
    epochs, steps = job.recipe.training.epochs, len(job.parts.batches)
    forecast = Forecast(_plan(job), start=state.place)

    def after_step(place: Place) -> None:
        _say(job, forecast.step_done(place, scoring_seconds=_scoring_seconds(state)))

    description = f"train {epochs} epochs"
    finished = _finished(job, state)
    with stop_requests() as stop_requested, job.progress.bar(description, total=epochs * steps) as bar:
        bar.advance(state.place.epoch * steps + state.place.step)
        while not finished:
            forecast.begin_epoch()
            state.place = train_epoch(
                job.parts, state.place, state.stats, stop_requested=stop_requested, bar=bar, after_step=after_step
            )
            if state.place.step == 0:
                _finish_epoch(job, state)
                if (seconds := _scoring_seconds(state)) is not None:
                    _say(job, forecast.scoring_done(state.place, scoring_seconds=seconds))
            _save(job, state)
            finished = _finished(job, state)
            if stop_requested() and not finished:
                raise Stopped(
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


def _scoring_seconds(state: TrainingState) -> float | None:
    """Of the last scoring; None before the first."""
    timed: list[float] = [row["scoring_seconds"] for row in state.rows if "scoring_seconds" in row]
    return timed[-1] if timed else None


def _finished(job: TrainingJob[RecipeT, DataT], state: TrainingState) -> bool:
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


def _finish_epoch(job: TrainingJob[RecipeT, DataT], state: TrainingState) -> None:
    """Add the epoch's row; score it when the recipe says so, and save the weights if they are the best so far."""
    recipe, task, done = job.recipe, job.task, state.place.epoch
    row: dict[str, Any] = {
        "epoch": done,
        **state.stats.row(),
        "processes": job.parts.fabric.world_size,
        "learning_rate": max(group["lr"] for group in job.parts.optimizer.param_groups),
    }
    every = recipe.evaluation.every
    if done == recipe.training.epochs or (every and done % every == 0):
        began = perf_counter()
        row.update(_score(job))
        row["scoring_seconds"] = round(perf_counter() - began, 2)
        if state.best is None or row[task.monitor] > state.best:
            state.best = row[task.monitor]
            _save_best(job, row[task.monitor])
        scores = ", ".join(f"{words} {row[key]:.1%}" for key, words in task.metrics.items() if key in row)
        job.progress.say(f"epoch {done}: loss {row['loss']:.3f}, {scores}")
    state.rows.append(row)
    state.stats = EpochStats()


def _score(job: TrainingJob[RecipeT, DataT]) -> dict[str, float]:
    parts, progress = job.parts, job.progress
    share_buffers(parts.scored, fabric=parts.fabric)
    with uncompiled(job.recipe.hardware):
        return job.task.score(parts.scored, job.data, job.recipe, fabric=parts.fabric, progress=progress)


def _save_best(job: TrainingJob[RecipeT, DataT], score: float) -> None:
    if job.parts.fabric.is_global_zero:
        card = job.task.card(job.recipe, job.data, score=score)
        save_weights(job.run.best_weights, job.parts.saved(), card)


def _save(job: TrainingJob[RecipeT, DataT], state: TrainingState) -> None:
    """Metrics first, then the checkpoint: a kill in between only makes the resumed run write that epoch again."""
    parts = job.parts
    if parts.fabric.is_global_zero:
        job.run.save_metrics(state.rows)
        values = {
            "place": tuple(state.place),
            "processes": parts.fabric.world_size,
            "tally": asdict(state.stats),
            "best": state.best,
            "learner": parts.learner.state_dict(),
            "optimizer": parts.optimizer.state_dict(),
            "precision": parts.fabric.strategy.precision.state_dict(),
            "averaged": None if parts.averaged is None else parts.averaged.module.state_dict(),
        }
        save_checkpoint(job.run.last_checkpoint, values)
    parts.fabric.barrier()
