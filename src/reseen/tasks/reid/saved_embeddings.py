"""The embeddings in a run directory, saved with the fingerprint of the weights that made them."""

from pathlib import Path

from reseen.data.fingerprint import content_digest
from reseen.engine.run import Run
from reseen.errors import ReseenError
from reseen.metrics import Embedded
from reseen.metrics.embedded import saved_metadata
from reseen.tasks.reid.query_gallery import QueryGallery

_WEIGHTS = "reseen.weights"


def embedding_files(run: Run) -> list[Path]:
    """The files of the query and of the gallery, whether they exist or not."""
    return [run.embeddings / f"{name}.parquet" for name in QueryGallery._fields]


def save_embeddings(run: Run, embeddings: QueryGallery, *, weights: str) -> None:
    """Write both files, with the `weights_fingerprint` of the weights that made them."""
    run.embeddings.mkdir(exist_ok=True)
    for embedded, file in zip(embeddings, embedding_files(run), strict=True):
        embedded.save(file, metadata={_WEIGHTS: weights})


def load_embeddings(run: Run) -> QueryGallery:
    """Read both files."""
    query, gallery = (Embedded.load(path) for path in embedding_files(run))
    return QueryGallery(query, gallery)


def weights_fingerprint(run: Run) -> str:
    """32 hexadecimal digits of the content of ``best.safetensors``, which copying does not change."""
    if not run.best_weights.exists():
        raise ReseenError(f"{run.best_weights}: no weights there; has the run finished an evaluation?")
    return content_digest(run.best_weights).hex()


def stale_embeddings(run: Run) -> str:
    """Why the saved embeddings are not those of the best weights; empty where they are.

    Without weights there is nothing to compare with, and the saved embeddings are used.
    """
    if not run.best_weights.exists():
        return ""
    fingerprints = {saved_metadata(file).get(_WEIGHTS) for file in embedding_files(run)}
    if fingerprints == {weights_fingerprint(run)}:
        return ""
    unsaid = "the embeddings there do not say of which weights they are, as earlier versions wrote them"
    return unsaid if None in fingerprints else f"the embeddings there are of other weights than {run.best_weights.name}"
