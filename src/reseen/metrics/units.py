"""Unit vectors in float32, query and gallery in one array, and what cannot be one.

N = Q + G rows: the queries, then the gallery.
"""

import numpy as np
from numpy.typing import NDArray

from reseen.errors import ReseenError
from reseen.metrics.embedded import Vectors

Units = NDArray[np.float32]
"""(N, D) of length 1."""

_ROWS_AT_ONCE = 2048


def joint_units(query: Vectors, gallery: Vectors) -> Units:
    """(Q, D), (G, D) -> (Q + G, D). ReseenError as ``unit_rows``, and where the widths differ."""
    for side, vectors in (("query", query), ("gallery", gallery)):
        _require_rows(vectors, side=side)
    if query.shape[1] != gallery.shape[1]:
        raise ReseenError(
            f"query vectors have {query.shape[1]} numbers, gallery vectors {gallery.shape[1]}: "
            "embed both with the same model"
        )
    units = np.empty((len(query) + len(gallery), query.shape[1]), dtype=np.float32)
    _fill(units[: len(query)], query, side="query")
    _fill(units[len(query) :], gallery, side="gallery")
    return units


def unit_rows(vectors: Vectors, *, side: str) -> Units:
    """(N, D) -> (N, D). ReseenError, naming the side, where a vector is zero, NaN or infinite."""
    _require_rows(vectors, side=side)
    units = np.empty(vectors.shape, dtype=np.float32)
    _fill(units, vectors, side=side)
    return units


def _require_rows(vectors: Vectors, *, side: str) -> None:
    if vectors.ndim != 2 or not vectors.size:
        raise ReseenError(f"{side} vectors: expected (pictures, width), both at least 1, got {vectors.shape}")


def _fill(units: Units, vectors: Vectors, *, side: str) -> None:
    """Each row is computed alone, so equal rows stay equal; the largest number first, lest squares leave the range."""
    usable = np.empty(len(vectors), dtype=np.bool_)
    for start in range(0, len(vectors), _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        largest = np.maximum(vectors[part].max(axis=1), -vectors[part].min(axis=1)).astype(np.float64)
        usable[part] = np.isfinite(largest) & (largest > 0)
        rows = vectors[part] / np.where(usable[part], largest, 1)[:, None]
        lengths = np.sqrt(np.einsum("nd,nd->n", rows, rows))
        np.divide(rows, np.where(usable[part], lengths, 1)[:, None], out=units[part], casting="same_kind")
    if not usable.all():
        raise ReseenError(
            f"{np.count_nonzero(~usable)} of {len(usable)} {side} vectors are zero, NaN or infinite and have no "
            f"direction to compare, first at row {usable.argmin()}: embed these pictures again or leave them out"
        )
