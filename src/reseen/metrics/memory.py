"""predict_memory: how much memory an evaluation will take."""

from reseen.metrics.kernels.threads import thread_count
from reseen.metrics.ranking.cosine import BYTES, BYTES_A_MATCH, IMAGES, QUERIES

_BYTES_A_LABEL = 160
"""Held for each image besides its vector: numbers of identity, camera and place, and sorted copies of them."""

_BYTES_A_SCORE = 64
"""Held for each query of a trial: its scores, and arrays for their means."""


def predict_memory(queries: int, gallery: int, width: int, *, matches: int = 50, trials: int = 1) -> int:
    """Predict the most memory that ``evaluate`` takes on the CPU.

    There is no term in queries times gallery: similarities are computed and counted in tiles of one size. A re-ranking
    needs memory of its own.

    Args:
        queries: Images in the query set.
        gallery: Images in the gallery.
        width: Numbers in a vector.
        matches: Matches of a query, on average.
        trials: Trials of the protocol.

    Returns:
        Bytes, the vectors themselves not included.

    Example:
        >>> predict_memory(100_000, 1_000_000, 512) < 1e9
        True
    """
    tile = min(queries, thread_count() * QUERIES) * min(gallery, IMAGES) * 4 + min(gallery, IMAGES) * width * 4
    a_query = width * 4 + BYTES_A_MATCH * matches
    together = min(queries * a_query, BYTES + a_query)
    return tile + together + (queries + gallery) * _BYTES_A_LABEL + queries * trials * _BYTES_A_SCORE
