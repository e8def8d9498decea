"""Unit vectors in float32 of what comes from outside: refused where they have no direction.

N = Q + G rows where both sides stand in one array: the queries, then the gallery.
"""

import numpy as np

from reseen.errors import ReseenError
from reseen.metrics.embedded import Vectors, require_vectors
from reseen.metrics.similarity import Units, in_range, unit_vectors


def joint_units(query: Vectors, gallery: Vectors) -> Units:
    """(Q, D), (G, D) -> (Q + G, D). ReseenError as ``unit_rows``, and where the widths differ."""
    sides = [unit_rows(query, side="query"), unit_rows(gallery, side="gallery")]
    if query.shape[1] != gallery.shape[1]:
        raise ReseenError(
            f"query vectors have {query.shape[1]} numbers, gallery vectors {gallery.shape[1]}: "
            "embed both with the same model"
        )
    return np.concatenate(sides)


def unit_rows(vectors: Vectors, *, side: str) -> Units:
    """(N, D) float32 or float64 -> (N, D). ReseenError, naming the side, where a vector is zero, NaN or infinite."""
    require_vectors(vectors, what=f"{side} vectors")
    return unit_vectors(in_range(vectors))
