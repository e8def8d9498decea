"""Unit vectors: float32 of length 1, from vectors of any length.

N = vectors, D = their width; Q + G = queries and gallery entries that stand in one array, the queries first.
"""

import math

import numpy as np

from reseen.arrays import ArrayLike
from reseen.errors import ReseenError
from reseen.metrics.array_types import Indices, UnitVectors, Vectors
from reseen.metrics.embedded import read_vectors
from reseen.metrics.kernels.compiled import compiled
from reseen.metrics.kernels.threads import RowThreads


def joint_unit_vectors(query: ArrayLike, gallery: ArrayLike) -> UnitVectors:
    """(Q, D), (G, D) -> (Q + G, D). ReseenError as ``checked_unit_vectors``, and where the widths differ."""
    both = checked_unit_vectors(query, name="query"), checked_unit_vectors(gallery, name="gallery")
    widths = [units.shape[1] for units in both]
    if widths[0] != widths[1]:
        raise ReseenError(
            f"query vectors have {widths[0]} numbers, gallery vectors {widths[1]}: embed both with the same model"
        )
    return np.concatenate(both)


def checked_unit_vectors(vectors: ArrayLike, *, name: str) -> UnitVectors:
    """(N, D) of floats -> (N, D). ReseenError, with the name of the set, where a vector is zero, NaN or infinite."""
    return unit_vectors(in_range(read_vectors(vectors, what=f"{name} vectors")))


def in_range(vectors: Vectors) -> Vectors:
    """(N, D) -> (N, D) whose squares are finite and above 0: extreme float64 rows are multiplied by a power of two.

    A copy only where there are such rows.
    """
    if vectors.dtype != np.float64:
        return vectors
    largest = np.maximum(vectors.max(axis=1), -vectors.min(axis=1))
    exponent = np.frexp(largest)[1]
    extreme = np.abs(exponent) > 400
    if not extreme.any():
        return vectors
    return np.asarray(np.ldexp(vectors, np.where(extreme, -exponent, 0)[:, None]))


def unit_vectors(vectors: Vectors, rows: Indices | None = None, *, threads: RowThreads | None = None) -> UnitVectors:
    """(N, D) from ``in_range``, and n of its rows (default: all) -> (n, D)."""
    rows = np.arange(len(vectors)) if rows is None else rows
    units = np.empty((len(rows), vectors.shape[1]), dtype=np.float32)
    vectors = np.ascontiguousarray(vectors)
    if threads is None:
        _normalise(vectors, rows, units)
    else:
        threads.share(len(rows), lambda part: _normalise(vectors, rows[part], units[part]))
    return units


@compiled(fastmath={"reassoc", "nsz", "contract"})
def _normalise(vectors: Vectors, rows: Indices, units: UnitVectors) -> None:
    """(N, D) and n rows -> ``units`` (n, D), their lengths summed in float64."""
    for place in range(len(rows)):
        vector = vectors[rows[place]]
        total = 0.0
        for axis in range(len(vector)):
            total += np.float64(vector[axis]) * np.float64(vector[axis])
        scale = 1.0 / math.sqrt(total)
        for axis in range(len(vector)):
            units[place, axis] = np.float32(np.float64(vector[axis]) * scale)
