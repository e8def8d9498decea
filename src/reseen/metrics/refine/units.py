"""Unit vectors in float32 of what comes from outside: refused where they have no direction.

N = Q + G rows where both sides stand in one array: the queries, then the gallery.
"""

import numpy as np
from numpy.typing import NDArray

from reseen.errors import ReseenError
from reseen.metrics.embedded import Vectors
from reseen.metrics.similarity import in_range, unit_vectors

Units = NDArray[np.float32]
"""(N, D) of length 1."""


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
    if vectors.ndim != 2 or not vectors.size:
        raise ReseenError(f"{side} vectors: expected (pictures, width), both at least 1, got {vectors.shape}")
    if vectors.dtype not in (np.float32, np.float64):
        raise ReseenError(f"{side} vectors: expected float32 or float64, got {vectors.dtype}")
    largest = np.maximum(vectors.max(axis=1), -vectors.min(axis=1))
    usable = np.isfinite(largest) & (largest > 0)
    if not usable.all():
        raise ReseenError(
            f"{np.count_nonzero(~usable)} of {len(usable)} {side} vectors are zero, NaN or infinite and have no "
            f"direction to compare, first at row {usable.argmin()}: embed these pictures again or leave them out"
        )
    return unit_vectors(in_range(vectors))
