"""The memory that an evaluation needs and the memory available, compared before anything is computed."""

from reseen.errors import ReseenError
from reseen.memory import available_memory, size
from reseen.metrics.memory import predict_memory
from reseen.metrics.postprocess.part_areas import PartAreas
from reseen.metrics.postprocess.rerank import KReciprocal
from reseen.metrics.protocol import Protocol
from reseen.progress import Progress
from reseen.tasks.reid.postprocess import Postprocessing

_TILES = 100_000_000
"""Tiles of similarities and of gathered neighbours, whatever the size."""


def predict(queries: int, gallery: int, width: int, *, protocol: Protocol, postprocessing: Postprocessing) -> int:
    """About how many bytes beside the embeddings expansion, re-ranking and counting hold at most at a time."""
    counting = predict_memory(queries, gallery, width, trials=protocol.trials)
    images, vectors = queries + gallery, (queries + gallery) * width * 4
    kept = vectors if postprocessing.of_vectors() else 0
    steps = [counting]
    for expansion in (postprocessing.expand, postprocessing.expand_gallery):
        steps += [3 * vectors + images * (expansion.neighbours + 9) * 8 + _TILES] if expansion else []
    if isinstance(postprocessing.rerank, KReciprocal):
        steps += [counting + 2 * vectors + images * _bytes_a_list(postprocessing.rerank) + _TILES]
    if isinstance(postprocessing.rerank, PartAreas):
        steps += [counting + 2 * vectors + _TILES]
    return kept + max(steps)


def _bytes_a_list(rerank: KReciprocal) -> int:
    """Bytes of an image's neighbours, its grown set, and the mean of ``k2`` sets as sparse rows with their index."""
    return (rerank.k1 + 9) * 8 + (rerank.k1 + 1) * 12 + 40 * (rerank.k1 + 1) * max(1, rerank.k2 // 2)


def require_memory(
    needed: int, *, vectors: int, embedded: bool, postprocessing: Postprocessing, progress: Progress
) -> None:
    """Report the bytes ``needed`` beside the ``vectors``, which are ``made`` or not yet; ReseenError for too little."""
    available, required = available_memory(), needed if embedded else needed + vectors
    known = "" if available is None else f", {size(available)} available"
    progress.say(f"evaluation: about {size(needed)} of memory above the vectors ({size(vectors)}){known}")
    if available is not None and required > available:
        less = "without re-ranking and expansion, " if postprocessing.describe() else ""
        raise ReseenError(
            f"the evaluation needs about {size(needed)} of memory above the vectors ({size(vectors)}), and "
            f"{size(available)} are available: evaluate {less}with a smaller gallery, or on a machine with more memory"
        )
