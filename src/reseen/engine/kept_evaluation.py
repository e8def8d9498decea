"""What a run kept of its last evaluation, read back: its embeddings, and the report that they give."""

from pathlib import Path

from reseen.data.table import Split
from reseen.engine.evaluate import evaluate_run, splits_of
from reseen.engine.intake import protocol_for
from reseen.engine.kept import kept_files, load_kept
from reseen.engine.progress import Progress
from reseen.engine.run import Run, open_run
from reseen.engine.scored import Evaluated
from reseen.errors import ReseenError
from reseen.metrics import Embedded, evaluate
from reseen.metrics.protocol import find_protocol


def kept_evaluation(
    run: Run | Path | str, *, data: Path | str | None = None, progress: Progress | None = None
) -> Evaluated:
    """What `reseen.evaluate` returned for the run, without embedding again.

    Evaluated again where no embeddings are kept, or the best weights are newer than they. ``data``: where the pictures
    are, should they have moved. ReseenError: the embeddings were made from other pictures.
    """
    run = run if isinstance(run, Run) else open_run(Path(run))
    made = run.best_weights.stat().st_mtime if run.best_weights.exists() else 0.0
    if not all(file.exists() and file.stat().st_mtime >= made for file in kept_files(run)):
        return evaluate_run(run, data=data, progress=progress)
    splits, recipe = splits_of(run, data), run.recipe()
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
