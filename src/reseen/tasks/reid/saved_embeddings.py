"""The embeddings that a run has kept, with the rules they were scored by; or made anew on other data."""

from pathlib import Path
from typing import NamedTuple

from reseen.data.table import Splits
from reseen.engine.hardware import one_device
from reseen.engine.run import Run
from reseen.errors import ReseenError
from reseen.metrics import Embedded
from reseen.progress import SILENT, Progress
from reseen.tasks.reid.build import load_model
from reseen.tasks.reid.embedding_files import kept_files, load_kept, not_of_best_weights
from reseen.tasks.reid.evaluate import evaluate_run, splits_of
from reseen.tasks.reid.options import AS_THE_RECIPE_SAYS, Choices
from reseen.tasks.reid.recipe import recipe_of
from reseen.tasks.reid.scoring import score_model


class Kept(NamedTuple):
    """A query set and a gallery as a run's best weights see them; ``splits`` where they were embedded just now."""

    query: Embedded
    gallery: Embedded
    protocol: str
    average_precision: str
    splits: Splits | None = None


def embeddings_of(
    run: Run,
    *,
    data: Path | str | None = None,
    choices: Choices = AS_THE_RECIPE_SAYS,
    progress: Progress = SILENT,
) -> Kept:
    """What ``evaluate_run`` kept in the run; what is of other weights than its best is made again, which is said.

    With ``data``, or ``choices`` by which pictures become other vectors, embedded now and not kept.
    """
    if data is None and not choices.differences_of_pictures(recipe_of(run)):
        return _kept(run, progress=progress)
    return _anew(run, data, choices=choices, progress=progress)


def _kept(run: Run, *, progress: Progress) -> Kept:
    row = run.scores().get("trained")
    missing = [str(path) for path in kept_files(run) if not path.is_file()]
    if missing or row is None:
        what = f"no {missing[0]}" if missing else f"no scores in {run.scores_file}"
        raise ReseenError(f"{run.path}: {what}; `reseen evaluate {run.path}` makes them")
    wrong = not_of_best_weights(run)
    if wrong:
        progress.say(f"{run.path}: {wrong}: they are made again")
        evaluate_run(run, progress=progress)
    query, gallery = load_kept(run)
    return Kept(query, gallery, str(row["protocol"]), str(row["average_precision"]))


def _anew(run: Run, data: Path | str | None, *, choices: Choices, progress: Progress) -> Kept:
    model, splits = load_model(run.best_weights), splits_of(run, data, progress=progress)
    result = score_model(
        model, splits, recipe_of(run), fabric=one_device(), progress=progress, name=run.path.name, choices=choices
    )
    report = result.report
    return Kept(result.query, result.gallery, report.protocol, report.precision_rule, splits)
