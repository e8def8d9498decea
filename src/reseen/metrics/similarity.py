"""Cosine similarity twice: in float32 blocks for speed, in float64 pairs for what is too close to call."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reseen.metrics.embedded import Vectors

_BLOCK_ENTRIES = 8_000_000
"""Similarities held at once: 32 MB."""

_ROWS_AT_ONCE = 4096
_DECIMALS = 12


class Block(NamedTuple):
    """Similarities of some queries to the whole gallery: ``similarity`` (rows, G), of ``queries`` (rows,)."""

    queries: NDArray[np.int64]
    similarity: NDArray[np.float32]


def unit_vectors(vectors: Vectors) -> NDArray[np.float64]:
    """(N, D) -> (N, D) of length 1, in float64. Each row is computed alone, so equal rows stay equal."""
    rows = vectors.astype(np.float64)
    if vectors.dtype == np.float64:
        # Squares of very long or short float64 vectors leave the range; powers of two bring them back.
        exponent = np.frexp(np.abs(rows).max(axis=1, keepdims=True))[1]
        rows = np.ldexp(rows, np.where(np.abs(exponent) > 400, -exponent, 0))
    rows /= np.sqrt(np.square(rows).sum(axis=1, keepdims=True))
    return rows


def similarity_blocks(query: Vectors, gallery: Vectors, *, queries: NDArray[np.int64]) -> Iterator[Block]:
    """(Q, D), (G, D) and the wanted query rows -> blocks of cosine similarity, in the order asked."""
    units = _unit_float32(gallery)
    step = max(1, _BLOCK_ENTRIES // len(gallery))
    for start in range(0, len(queries), step):
        wanted = queries[start : start + step]
        yield Block(queries=wanted, similarity=_unit_float32(query[wanted]) @ units.T)


def _unit_float32(vectors: Vectors) -> NDArray[np.float32]:
    units = np.empty(vectors.shape, dtype=np.float32)
    for start in range(0, len(vectors), _ROWS_AT_ONCE):
        units[start : start + _ROWS_AT_ONCE] = unit_vectors(vectors[start : start + _ROWS_AT_ONCE])
    return units


def exact_similarity(query: Vectors, gallery: Vectors, *, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """(D,), (G, D) and n gallery rows -> (n,) float64 cosine similarities to twelve decimals.

    Rounded, so that vectors which differ in length alone tie, whatever the last bits of their sums.
    """
    unit = unit_vectors(query[None])
    similarity = np.empty(len(rows), dtype=np.float64)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows[start : start + _ROWS_AT_ONCE]
        similarity[start : start + _ROWS_AT_ONCE] = (unit_vectors(gallery[some]) * unit).sum(axis=1)
    return similarity.round(_DECIMALS)


def too_close(width: int) -> float:
    """Difference of two float32 similarities of ``width``-number vectors that rounding does not reach.

    The rounding of a sum of D products of unit vectors grows as sqrt(D) half units in the last place
    (Higham and Mary, SIAM J. Sci. Comput. 41, 2019); four times that, a constant for the vectors' own
    rounding, two similarities.
    """
    return 2 * (8 + 4 * math.sqrt(width)) * float(np.finfo(np.float32).eps) / 2
