"""From a task's recipe and data to a run directory, new or resumed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Generic, NamedTuple

from reseen.engine.assemble import assemble
from reseen.engine.checkpoint import Place, load_checkpoint, save_checkpoint, save_weights
from reseen.engine.distributed import in_first_process, share_buffers, step_in_words
from reseen.engine.environment import environment
from reseen.engine.hardware import launch, uncompiled
from reseen.engine.interrupt import Stopped, stop_requests
from reseen.engine.loop import Parts, Tally, train_epoch
from reseen.engine.run import Run, check_new, create_run, open_run
from reseen.engine.task import DataT, Taken, Task
from reseen.engine.training_lock import claimed
from reseen.errors import ReseenError
from reseen.files import write_json
from reseen.progress import SILENT, Progress
from reseen.recipe.training import RecipeT, TrainingRecipe, read_as


class Trained(NamedTuple):
    """What training leaves: the run, its epochs, the task's first score of its best one as a fraction (mAP in re-ID).

    ``first_process`` is False in all processes but one of a distributed run: only that one should go on to report.
    """

    run: Run
    epochs: int
    best_score: float
    first_process: bool


@dataclass
class Standing:
    """How far a run has come."""

    place: Place = field(default_factory=Place)
    tally: Tally = field(default_factory=Tally)
    best: float | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Course(Generic[RecipeT, DataT]):
    """One training of a task from its recipe and data, in its run directory."""

    task: Task[RecipeT, DataT]
    run: Run
    recipe: RecipeT
    data: DataT
    parts: Parts
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
    """Train a task's recipe on data into the run directory ``out``.

    With ``resume`` a run that was stopped or killed goes on from its last checkpoint and ends, on the CPU, with the
    same weights bit for bit; where there is no run yet, one begins. Raises ReseenError for what the user can mend,
    before the first step wherever it can be known by then, and Stopped after Ctrl-C, when all is saved.
    """
    recipe, out = task.resolved(recipe), Path(out)
    fabric = launch(recipe.hardware, all_trained=task.all_trained(recipe))
    progress = progress if fabric.is_global_zero else SILENT
    with claimed(out, fabric=fabric, progress=progress):
        in_first_process(fabric, lambda: _check_free(out, recipe, resume=resume))
        taken = task.take_in(Path(data), recipe, fabric=fabric, progress=progress)
        pieces = task.build(recipe, taken.data, rank=fabric.global_rank, world_size=fabric.world_size)
        parts = assemble(pieces, recipe, fabric=fabric)
        run = in_first_process(fabric, lambda: _run_directory(out, recipe, taken=taken, parts=parts))
        progress.say(step_in_words(parts, epochs=recipe.training.epochs))
        course = Course(task, run, recipe, taken.data, parts, progress)
        standing = _standing(course)
        _train_epochs(course, standing)
    assert standing.best is not None, "the last epoch is always scored"
    return Trained(run, standing.place.epoch, standing.best, fabric.is_global_zero)


def _check_free(out: Path, recipe: TrainingRecipe, *, resume: bool) -> None:
    """ReseenError unless the folder takes a new run, or holds the one to resume."""
    if resume and (out / "recipe.toml").exists():
        _check_same_recipe(open_run(out), recipe)
    else:
        check_new(out)


def _run_directory(out: Path, recipe: TrainingRecipe, *, taken: Taken[DataT], parts: Parts) -> Run:
    """The run, new or there; one that was killed before it had written its facts gets them now."""
    run = open_run(out) if (out / "recipe.toml").exists() else create_run(out, recipe)
    if not run.environment_file.exists():
        step = step_in_words(parts, epochs=recipe.training.epochs)
        write_json(run.environment_file, {**environment(), "processes": str(parts.fabric.world_size), "steps": step})
    if not run.data_file.exists():
        write_json(run.data_file, taken.facts)
    _check_same_data(run, taken.facts)
    return run


def _check_same_recipe(run: Run, recipe: TrainingRecipe) -> None:
    before, now = (one.model_dump(mode="json") for one in (read_as(type(recipe), run.recipe_file), recipe))
    changed = [name for name in now if now[name] != before[name]]
    if changed:
        raise ReseenError(
            f"{run.path}: resumed with another recipe: [{'], ['.join(changed)}] differ from {run.recipe_file.name}; "
            "resume with the same settings, or start a new run"
        )


def _check_same_data(run: Run, facts: Mapping[str, object]) -> None:
    before, now = run.data()["fingerprint"], facts["fingerprint"]
    if before != now:
        raise ReseenError(
            f"{run.path}: resumed on other data: fingerprint {now}, the run began on {before} "
            f"({run.data()['path']}); give the same data, or start a new run"
        )


def _standing(course: Course[RecipeT, DataT]) -> Standing:
    """Where the run stands, with the objects brought to that place."""
    if not course.run.last_checkpoint.exists():
        return Standing()
    state = load_checkpoint(course.run.last_checkpoint)
    parts = course.parts
    parts.learner.load_state_dict(state["learner"])
    parts.optimizer.load_state_dict(state["optimizer"])
    parts.fabric.strategy.precision.load_state_dict(state["precision"])
    if parts.averaged is not None:
        parts.averaged.module.load_state_dict(state["averaged"])
    place = Place(*state["place"])
    course.progress.say(f"resumed at epoch {place.epoch + 1}, step {place.step + 1}{_turned_over(state, parts)}")
    rows = [row for row in course.run.metrics() if int(str(row["epoch"])) <= place.epoch]
    return Standing(place, Tally(**state["tally"]), state["best"], rows)


def _turned_over(state: Mapping[str, Any], parts: Parts) -> str:
    """What is said where another number of processes goes on: batches are the same, so a place means the same."""
    before, now = state.get("processes", 1), parts.fabric.world_size
    return "" if before == now else f"; processes: {before} before, {now} now, which share out the same batches"


def _train_epochs(course: Course[RecipeT, DataT], standing: Standing) -> None:
    epochs, steps = course.recipe.training.epochs, len(course.parts.batches)
    description = f"train {epochs} epochs"
    with stop_requests() as asked, course.progress.bar(description, total=epochs * steps) as bar:
        bar.advance(standing.place.epoch * steps + standing.place.step)
        while standing.place.epoch < epochs:
            standing.place = train_epoch(course.parts, standing.place, standing.tally, stop_asked=asked, bar=bar)
            if standing.place.step == 0:
                _finish_epoch(course, standing)
            _save(course, standing)
            if asked() and standing.place.epoch < epochs:
                raise Stopped(
                    f"stopped at epoch {standing.place.epoch + 1}, step {standing.place.step + 1}; "
                    f"everything is saved in {course.run.path}: give the same command with --resume to go on"
                )


def _finish_epoch(course: Course[RecipeT, DataT], standing: Standing) -> None:
    """Write the epoch's row; score it when the recipe says so, and keep the weights when they are the best so far."""
    recipe, task, done = course.recipe, course.task, standing.place.epoch
    row: dict[str, Any] = {
        "epoch": done,
        **standing.tally.row(),
        "processes": course.parts.fabric.world_size,
        "learning_rate": course.parts.optimizer.param_groups[0]["lr"],
    }
    every = recipe.evaluation.every
    if done == recipe.training.epochs or (every and done % every == 0):
        row.update(_score(course))
        if standing.best is None or row[task.headline] > standing.best:
            standing.best = row[task.headline]
            _keep_best(course, row[task.headline])
        told = ", ".join(f"{words} {row[key]:.1%}" for key, words in task.told.items() if key in row)
        course.progress.say(f"epoch {done}: loss {row['loss']:.3f}, {told}")
    standing.rows.append(row)
    standing.tally = Tally()


def _score(course: Course[RecipeT, DataT]) -> dict[str, float]:
    parts, progress = course.parts, course.progress
    share_buffers(parts.scored, fabric=parts.fabric)
    with uncompiled(course.recipe.hardware):
        return course.task.score(parts.scored, course.data, course.recipe, fabric=parts.fabric, progress=progress)


def _keep_best(course: Course[RecipeT, DataT], score: float) -> None:
    if course.parts.fabric.is_global_zero:
        card = course.task.card(course.recipe, course.data, score=score)
        save_weights(course.run.best_weights, course.parts.scored.state_dict(), card)


def _save(course: Course[RecipeT, DataT], standing: Standing) -> None:
    """Metrics first, then the checkpoint: a kill in between only makes the resumed run write that epoch again."""
    parts = course.parts
    if parts.fabric.is_global_zero:
        course.run.keep_metrics(standing.rows)
        state = {
            "place": tuple(standing.place),
            "processes": parts.fabric.world_size,
            "tally": asdict(standing.tally),
            "best": standing.best,
            "learner": parts.learner.state_dict(),
            "optimizer": parts.optimizer.state_dict(),
            "precision": parts.fabric.strategy.precision.state_dict(),
            "averaged": None if parts.averaged is None else parts.averaged.module.state_dict(),
        }
        save_checkpoint(course.run.last_checkpoint, state)
    parts.fabric.barrier()
