"""`train`: from a recipe and data to a run directory, new or resumed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from reseen.data.table import Splits
from reseen.engine.build import build_parts, resolved
from reseen.engine.checkpoint import Card, Place, load_checkpoint, save_checkpoint, save_weights
from reseen.engine.environment import environment
from reseen.engine.files import write_json
from reseen.engine.hardware import launch
from reseen.engine.intake import Intake, take_in
from reseen.engine.interrupt import Stopped, stop_requests
from reseen.engine.loop import Parts, Tally, train_epoch
from reseen.engine.progress import Progress, Silent
from reseen.engine.recipe import Recipe, read_recipe
from reseen.engine.run import Run, check_new, create_run, open_run
from reseen.engine.scored import score_model
from reseen.errors import ReseenError


class Trained(NamedTuple):
    """What training leaves: the run, its epochs, the mAP of its best one as a fraction.

    ``first_process`` is False in all processes but one of a distributed run: only that one should go on to report.
    """

    run: Run
    epochs: int
    best_map: float
    first_process: bool


@dataclass
class Standing:
    """How far a run has come."""

    place: Place = field(default_factory=Place)
    tally: Tally = field(default_factory=Tally)
    best_map: float | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Course:
    """One training from its recipe and data, in its run directory."""

    run: Run
    recipe: Recipe
    splits: Splits
    parts: Parts
    progress: Progress


def train(
    recipe: Recipe | Path | str,
    *,
    data: Path | str,
    out: Path | str,
    overrides: Sequence[str] = (),
    resume: bool = False,
    progress: Progress | None = None,
) -> Trained:
    """Train a recipe on data into the run directory ``out``.

    With ``resume`` a run that was stopped or killed goes on from its last checkpoint and ends, on the CPU, with the
    same weights bit for bit; where there is no run yet, one begins. Raises ReseenError for what the user can mend,
    before the first step wherever it can be known by then, and Stopped after Ctrl-C, when all is saved.
    """
    read = recipe if isinstance(recipe, Recipe) else read_recipe(recipe, overrides=overrides)
    recipe, out = resolved(read), Path(out)
    resume = resume and (out / "recipe.toml").exists()
    if resume:
        _check_same_recipe(open_run(out), recipe)
    else:
        check_new(out)
    # Without a loss on the logits the classifier learns nothing, and neither does the neck of a branch for triplets.
    fabric = launch(recipe.hardware, all_trained=not recipe.model.branches and "cross_entropy" in recipe.losses)
    progress = progress if progress is not None and fabric.is_global_zero else Silent()
    intake = take_in(Path(data), recipe, fabric=fabric, progress=progress)
    parts = build_parts(recipe, intake.splits, fabric=fabric)
    run = _run_directory(out, recipe, intake, parts)
    course = Course(run, recipe, intake.splits, parts, progress)
    standing = _standing(course)
    _train_epochs(course, standing)
    assert standing.best_map is not None, "the last epoch is always scored"
    return Trained(run, standing.place.epoch, standing.best_map, fabric.is_global_zero)


def _run_directory(out: Path, recipe: Recipe, intake: Intake, parts: Parts) -> Run:
    """Made by the first process alone; a run killed before it had written its facts gets them now."""
    if parts.fabric.is_global_zero:
        run = open_run(out) if (out / "recipe.toml").exists() else create_run(out, recipe)
        if not run.environment_file.exists():
            write_json(run.environment_file, environment())
        if not run.data_file.exists():
            write_json(run.data_file, intake.facts)
        _check_same_data(run, intake)
    parts.fabric.barrier()
    return open_run(out)


def _check_same_recipe(run: Run, recipe: Recipe) -> None:
    before, now = run.recipe().model_dump(mode="json"), recipe.model_dump(mode="json")
    changed = [name for name in now if now[name] != before[name]]
    if changed:
        raise ReseenError(
            f"{run.path}: resumed with another recipe: [{'], ['.join(changed)}] differ from {run.recipe_file.name}; "
            "resume with the same settings, or start a new run"
        )


def _check_same_data(run: Run, intake: Intake) -> None:
    before, now = run.data()["fingerprint"], intake.facts["fingerprint"]
    if before != now:
        raise ReseenError(
            f"{run.path}: resumed on other data: fingerprint {now}, the run began on {before} "
            f"({run.data()['path']}); give the same data, or start a new run"
        )


def _standing(course: Course) -> Standing:
    """Where the run stands, with the objects brought to that place."""
    if not course.run.last_checkpoint.exists():
        return Standing()
    state = load_checkpoint(course.run.last_checkpoint)
    parts = course.parts
    parts.learner.load_state_dict(state["learner"])
    parts.optimizer.load_state_dict(state["optimizer"])
    parts.fabric.strategy.precision.load_state_dict(state["precision"])
    place = Place(*state["place"])
    course.progress.say(f"resumed at epoch {place.epoch + 1}, step {place.step + 1}")
    rows = course.run.metrics()[: place.epoch]
    return Standing(place, Tally(**state["tally"]), state["best_map"], rows)


def _train_epochs(course: Course, standing: Standing) -> None:
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


def _finish_epoch(course: Course, standing: Standing) -> None:
    """Write the epoch's row; score it when the recipe says so, and keep the weights when they are the best so far."""
    recipe, parts, done = course.recipe, course.parts, standing.place.epoch
    row: dict[str, Any] = {
        "epoch": done,
        **standing.tally.row(),
        "learning_rate": parts.optimizer.param_groups[0]["lr"],
    }
    every = recipe.evaluation.every
    if done == recipe.training.epochs or (every and done % every == 0):
        row.update(_score(course))
        if standing.best_map is None or row["mAP"] > standing.best_map:
            standing.best_map = row["mAP"]
            _keep_best(course, row["mAP"])
        course.progress.say(f"epoch {done}: loss {row['loss']:.3f}, mAP {row['mAP']:.1%}, rank-1 {row['rank1']:.1%}")
    standing.rows.append(row)
    standing.tally = Tally()


def _score(course: Course) -> dict[str, float]:
    result = score_model(
        course.parts.model,
        course.splits,
        course.recipe,
        fabric=course.parts.fabric,
        progress=course.progress,
        name="validate",
    )
    return result.report.scores()


def _keep_best(course: Course, score: float) -> None:
    if not course.parts.fabric.is_global_zero:
        return
    card = Card(
        recipe=course.recipe.model_dump(mode="json"),
        num_identities=len(course.splits.train.identity_names),
        score=score,
        camera_names=course.splits.train.camera_names,
        view_names=course.splits.train.view_names,
    )
    save_weights(course.run.best_weights, course.parts.model.state_dict(), card)


def _save(course: Course, standing: Standing) -> None:
    """Metrics first, then the checkpoint: a kill in between only makes the resumed run write that epoch again."""
    parts = course.parts
    if parts.fabric.is_global_zero:
        course.run.keep_metrics(standing.rows)
        state = {
            "place": tuple(standing.place),
            "tally": asdict(standing.tally),
            "best_map": standing.best_map,
            "learner": parts.learner.state_dict(),
            "optimizer": parts.optimizer.state_dict(),
            "precision": parts.fabric.strategy.precision.state_dict(),
        }
        save_checkpoint(course.run.last_checkpoint, state)
    parts.fabric.barrier()
