"""How much memory an evaluation will take, said before it starts."""

from reseen.metrics.kernels.team import threads
from reseen.metrics.ranking.cosine import BYTES, BYTES_A_MATCH, PICTURES, QUERIES

_BYTES_A_LABEL = 160
"""What is held of a picture besides its vector: numbers of identity, camera and place, and sorted copies of them."""

_BYTES_A_SCORE = 64
"""What is held of a query in a trial: its scores, and the arrays that means are made in."""


def predict_memory(queries: int, gallery: int, width: int, *, matches: int = 50, trials: int = 1) -> int:
    """Bytes above the vectors that ``evaluate`` holds at its highest, on the processor.

    ``queries`` and ``gallery`` pictures of ``width`` numbers; ``matches`` of a query on average. There is no term in
    queries times gallery: similarities are made and counted in tiles of one size. A re-ranking's memory is its own.
    """
    tile = min(queries, threads() * QUERIES) * min(gallery, PICTURES) * 4 + min(gallery, PICTURES) * width * 4
    a_query = width * 4 + BYTES_A_MATCH * matches
    asked = min(queries * a_query, BYTES + a_query)
    return tile + asked + (queries + gallery) * _BYTES_A_LABEL + queries * trials * _BYTES_A_SCORE
