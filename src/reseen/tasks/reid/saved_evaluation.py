"""The saved evaluation of a run, without embedding again; stale embeddings are made again."""

from pathlib import Path
from typing import NamedTuple

from reseen.data.table import Split, Splits
from reseen.engine.hardware import one_device
from reseen.engine.run import Run, open_run
from reseen.errors import ReseenError
from reseen.metrics import Embedded, evaluate
from reseen.metrics.protocol import find_protocol
from reseen.progress import SILENT, Progress
from reseen.tasks.reid.build import load_model
from reseen.tasks.reid.evaluate import evaluate_run, splits_of
from reseen.tasks.reid.load import protocol_for
from reseen.tasks.reid.options import RECIPE_OPTIONS, EvaluationOptions
from reseen.tasks.reid.recipe import recipe_of
from reseen.tasks.reid.saved_embeddings import embedding_files, load_embeddings, stale_embeddings
from reseen.tasks.reid.scoring import Evaluated, score_model


class RunEmbeddings(NamedTuple):
    """Query and gallery embeddings of a run's best weights, with the rules of its scores.

    ``splits``: the data, where they were embedded just now.
    """

    query: Embedded
    gallery: Embedded
    protocol: str
    average_precision: str
    splits: Splits | None = None


def saved_evaluation(
    run: Run | Path | str, *, data: Path | str | None = None, progress: Progress = SILENT
) -> Evaluated:
    """The result that `reseen.evaluate` returned for the run, from its saved embeddings.

    Without saved embeddings, or with those of other weights than the best, the run is evaluated again, and
    ``progress`` says so. ``data``: where the data are now, if they have moved. Raises ReseenError when the embeddings
    were made from other images.
    """
    run = open_run(run)
    if not all(file.is_file() for file in embedding_files(run)) or _is_stale(run, progress):
        return evaluate_run(run, data=data, progress=progress)
    splits, recipe = splits_of(run, data), recipe_of(run)
    query, gallery = load_embeddings(run)
    for embedded, split in ((query, splits.query), (gallery, splits.gallery)):
        _require_same_images(run, embedded, split)
    rules = find_protocol(protocol_for(recipe, splits))
    report = evaluate(query, gallery, protocol=rules, average_precision=recipe.evaluation.average_precision)
    return Evaluated(report, query, gallery, rules, splits)


def embeddings_of(
    run: Run,
    *,
    data: Path | str | None = None,
    options: EvaluationOptions = RECIPE_OPTIONS,
    progress: Progress = SILENT,
) -> RunEmbeddings:
    """The run's saved embeddings; those of other weights than its best are made again, and ``progress`` says so.

    With ``data``, or ``options`` that change the embeddings, they are made now and not saved.
    """
    if data is None and not options.embedding_differences(recipe_of(run)):
        return _saved(run, progress=progress)
    model, splits = load_model(run.best_weights), splits_of(run, data, progress=progress)
    result = score_model(
        model, splits, recipe_of(run), fabric=one_device(), progress=progress, name=run.path.name, options=options
    )
    report = result.report
    return RunEmbeddings(result.query, result.gallery, report.protocol, report.precision_rule, splits)


def _saved(run: Run, *, progress: Progress) -> RunEmbeddings:
    row = run.scores().get("trained")
    missing = [str(path) for path in embedding_files(run) if not path.is_file()]
    if missing or row is None:
        what = f"no {missing[0]}" if missing else f"no scores in {run.scores_file}"
        raise ReseenError(f"{run.path}: {what}; `reseen evaluate {run.path}` makes them")
    if _is_stale(run, progress):
        evaluate_run(run, progress=progress)
    query, gallery = load_embeddings(run)
    return RunEmbeddings(query, gallery, str(row["protocol"]), str(row["average_precision"]))


def _is_stale(run: Run, progress: Progress) -> bool:
    reason = stale_embeddings(run)
    if reason:
        progress.say(f"{run.path}: {reason}: they are made again")
    return bool(reason)


def _require_same_images(run: Run, embedded: Embedded, split: Split) -> None:
    names = [path.name for path in split.paths]
    same_identities = embedded.identities.tolist() == split.identities.tolist()
    if not same_identities or embedded.names is None or embedded.names.tolist() != names:
        raise ReseenError(
            f"{run.embeddings}: made from {len(embedded)} other images than the {len(split)} of these data; "
            f"say with --data which they were, or embed these with: reseen evaluate {run.path}"
        )
