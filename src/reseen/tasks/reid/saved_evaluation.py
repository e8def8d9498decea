"""What a run kept of its last evaluation, read back: its embeddings, and the report that they give."""

from pathlib import Path

from reseen.data.table import Split
from reseen.engine.run import Run, open_run
from reseen.errors import ReseenError
from reseen.metrics import Embedded, evaluate
from reseen.metrics.protocol import find_protocol
from reseen.progress import SILENT, Progress
from reseen.tasks.reid.embedding_files import kept_files, load_kept, not_of_best_weights
from reseen.tasks.reid.evaluate import evaluate_run, splits_of
from reseen.tasks.reid.load import protocol_for
from reseen.tasks.reid.recipe import recipe_of
from reseen.tasks.reid.scoring import Evaluated


def kept_evaluation(run: Run | Path | str, *, data: Path | str | None = None, progress: Progress = SILENT) -> Evaluated:
    """What `reseen.evaluate` returned for the run, without embedding again.

    Evaluated again where no embeddings are kept, or such of other weights than the run's best, which is said. ``data``:
    where the pictures are, should they have moved. ReseenError: the embeddings were made from other pictures.
    """
    run = open_run(run)
    if not all(file.is_file() for file in kept_files(run)):
        return evaluate_run(run, data=data, progress=progress)
    wrong = not_of_best_weights(run)
    if wrong:
        progress.say(f"{run.path}: {wrong}: they are made again")
        return evaluate_run(run, data=data, progress=progress)
    splits, recipe = splits_of(run, data), recipe_of(run)
    query, gallery = load_kept(run)
    for side, split in ((query, splits.query), (gallery, splits.gallery)):
        _require_same_pictures(run, side, split)
    rules = find_protocol(protocol_for(recipe, splits))
    report = evaluate(query, gallery, protocol=rules, average_precision=recipe.evaluation.average_precision)
    return Evaluated(report, query, gallery, rules, splits)


def _require_same_pictures(run: Run, side: Embedded, split: Split) -> None:
    names = [path.name for path in split.paths]
    if side.identities.tolist() != split.identities.tolist() or side.names is None or side.names.tolist() != names:
        raise ReseenError(
            f"{run.embeddings}: made from {len(side)} other pictures than the {len(split)} of these data; "
            f"say with --data which they were, or embed these with: reseen evaluate {run.path}"
        )
