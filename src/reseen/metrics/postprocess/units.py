"""Unit vectors in float32 of what comes from outside: refused where they have no direction.

N = Q + G rows where both sides stand in one array: the queries, then the gallery.
"""

import numpy as np

from reseen.arrays import ArrayLike
from reseen.errors import ReseenError
from reseen.metrics.embedded import read_vectors
from reseen.metrics.similarity import Units, in_range, unit_vectors


def joint_units(query: ArrayLike, gallery: ArrayLike) -> Units:
    """(Q, D), (G, D) -> (Q + G, D). ReseenError as ``unit_rows``, and where the widths differ."""
    sides = unit_rows(query, side="query"), unit_rows(gallery, side="gallery")
    widths = [side.shape[1] for side in sides]
    if widths[0] != widths[1]:
        raise ReseenError(
            f"query vectors have {widths[0]} numbers, gallery vectors {widths[1]}: embed both with the same model"
        )
    return np.concatenate(sides)


def unit_rows(vectors: ArrayLike, *, side: str) -> Units:
    """(N, D) of floats -> (N, D). ReseenError, naming the side, where a vector is zero, NaN or infinite."""
    return unit_vectors(in_range(read_vectors(vectors, what=f"{side} vectors")))
