"""Cosine similarity twice: in float32 products for speed, in float64 pairs for what is too close to call."""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reseen.metrics.embedded import Vectors
from reseen.metrics.kernels.kernels import cosines, normalise
from reseen.metrics.kernels.team import Team

Units = NDArray[np.float32]
"""(N, D) of length 1."""

_BLOCK_ENTRIES = 8_000_000
"""Similarities held at once: 32 MB."""

_DECIMALS = 12


class Block(NamedTuple):
    """Similarities of some queries to the whole gallery: ``similarity`` (rows, G), of ``queries`` (rows,)."""

    queries: NDArray[np.int64]
    similarity: NDArray[np.float32]


def in_range(vectors: Vectors) -> Vectors:
    """(N, D) -> (N, D) whose squares are numbers: very long or short float64 rows times a power of two.

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


def unit_vectors(vectors: Vectors, rows: NDArray[np.int64] | None = None, *, team: Team | None = None) -> Units:
    """(N, D), of which ``in_range``, and n rows of them (default: all) -> (n, D) of length 1."""
    rows = np.arange(len(vectors)) if rows is None else rows
    units = np.empty((len(rows), vectors.shape[1]), dtype=np.float32)
    vectors = np.ascontiguousarray(vectors)
    if team is None:
        normalise(vectors, rows, units)
    else:
        team.share(len(rows), lambda part: normalise(vectors, rows[part], units[part]))
    return units


def similarity_blocks(query: Vectors, gallery: Vectors, *, queries: NDArray[np.int64]) -> Iterator[Block]:
    """(Q, D), (G, D) and the wanted query rows -> blocks of cosine similarity, in the order asked."""
    return cosine_blocks(unit_vectors(in_range(query)), unit_vectors(in_range(gallery)), queries=queries)


def cosine_blocks(units: Units, others: Units, *, queries: NDArray[np.int64], device: str = "cpu") -> Iterator[Block]:
    """The same of unit vectors; the consumer may write into the blocks."""
    step = max(1, _BLOCK_ENTRIES // len(others))
    multiply = _multiplier(others, device=device)
    for start in range(0, len(queries), step):
        wanted = queries[start : start + step]
        yield Block(queries=wanted, similarity=multiply(units[wanted]))


def _multiplier(others: Units, *, device: str) -> Callable[[Units], NDArray[np.float32]]:
    """(G, D) -> the function (n, D) -> (n, G), with the G on the device once."""
    if device == "cpu":
        return lambda units: units @ others.T
    from reseen.metrics.kernels.device import on_device, products

    entries = on_device(others, device)
    return lambda units: products(on_device(units, device), entries).cpu().numpy()


def exact_similarity(
    query: Vectors, gallery: Vectors, *, query_rows: NDArray[np.int64], gallery_rows: NDArray[np.int64], team: Team
) -> NDArray[np.float64]:
    """(Q, D), (G, D), both ``in_range``, and n rows of either -> (n,) float64 cosine similarities to twelve decimals.

    Rounded, so that vectors which differ in length alone tie, whatever the last bits of their sums.
    """
    found = np.empty(len(query_rows), dtype=np.float64)

    def compare(part: slice) -> None:
        cosines(query, gallery, first_rows=query_rows[part], second_rows=gallery_rows[part], out=found[part])

    team.share(len(found), compare)
    return found.round(_DECIMALS)


def too_close(width: int) -> float:
    """Difference of two float32 similarities of ``width``-number vectors that rounding does not reach.

    The rounding of a sum of D products of unit vectors grows as sqrt(D) half units in the last place
    (Higham and Mary, SIAM J. Sci. Comput. 41, 2019); four times that, a constant for the vectors' own
    rounding, two similarities.
    """
    return 2 * (8 + 4 * math.sqrt(width)) * float(np.finfo(np.float32).eps) / 2
