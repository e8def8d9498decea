"""The embeddings in a run directory: written with the fingerprint of the weights that made them, and told by it."""

from pathlib import Path

from reseen.data.fingerprint import content_digest
from reseen.engine.run import Run
from reseen.errors import ReseenError
from reseen.metrics import Embedded
from reseen.metrics.embedded import saved_metadata
from reseen.tasks.reid.query_gallery import Sides

_WEIGHTS = "reseen.weights"


def kept_files(run: Run) -> list[Path]:
    """The query's file and the gallery's, whether they are there or not."""
    return [run.embeddings / f"{side}.parquet" for side in ("query", "gallery")]


def keep_embeddings(run: Run, sides: Sides, *, weights: str) -> None:
    """Write both, with the `weights_fingerprint` of the weights that they are of."""
    run.embeddings.mkdir(exist_ok=True)
    for side, file in zip(sides, kept_files(run), strict=True):
        side.save(file, metadata={_WEIGHTS: weights})


def load_kept(run: Run) -> Sides:
    """Both, from files that are there."""
    query, gallery = (Embedded.load(path) for path in kept_files(run))
    return Sides(query, gallery)


def weights_fingerprint(run: Run) -> str:
    """32 hexadecimal digits of the content of ``best.safetensors``: the same wherever and whenever it was copied."""
    if not run.best_weights.exists():
        raise ReseenError(f"{run.best_weights}: no weights there; has the run finished an evaluation?")
    return content_digest(run.best_weights).hex()


def not_of_best_weights(run: Run) -> str:
    """Why the embeddings, which are there, cannot stand for the best weights, in words; empty where they can.

    Without weights there is nothing to compare with, and what is kept is believed.
    """
    if not run.best_weights.exists():
        return ""
    found = {saved_metadata(file).get(_WEIGHTS) for file in kept_files(run)}
    if found == {weights_fingerprint(run)}:
        return ""
    unsaid = "the embeddings there do not say of which weights they are, as earlier versions wrote them"
    return unsaid if None in found else f"the embeddings there are of other weights than {run.best_weights.name}"
