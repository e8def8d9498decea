"""Cosine similarity twice: in float32 products for speed, in float64 pairs for what is too close to call."""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from reseen.metrics.array_types import Float32, Float64, Indices, UnitVectors, Vectors
from reseen.metrics.kernels.compiled import compiled
from reseen.metrics.kernels.threads import RowThreads
from reseen.metrics.unit_vectors import in_range, unit_vectors

_BLOCK_ENTRIES = 8_000_000
"""Similarities held at once: 32 MB."""

_DECIMALS = 12


class Block(NamedTuple):
    """Similarities of some queries to the whole gallery: ``similarity`` (rows, G), of ``queries`` (rows,)."""

    queries: Indices
    similarity: Float32


def similarity_blocks(query: Vectors, gallery: Vectors, *, queries: Indices) -> Iterator[Block]:
    """(Q, D), (G, D) and the wanted query rows -> blocks of cosine similarity, in the order of those rows."""
    return cosine_blocks(unit_vectors(in_range(query)), unit_vectors(in_range(gallery)), queries=queries)


def cosine_blocks(
    query: UnitVectors, gallery: UnitVectors, *, queries: Indices, device: str = "cpu"
) -> Iterator[Block]:
    """The same of unit vectors; the consumer may write into the blocks."""
    step = max(1, _BLOCK_ENTRIES // len(gallery))
    multiply = _multiplier(gallery, device=device)
    for start in range(0, len(queries), step):
        wanted = queries[start : start + step]
        yield Block(queries=wanted, similarity=multiply(query[wanted]))


def _multiplier(gallery: UnitVectors, *, device: str) -> Callable[[UnitVectors], Float32]:
    """(G, D) -> the function (n, D) -> (n, G), with the G copied to the device once."""
    if device == "cpu":
        return lambda units: units @ gallery.T
    from reseen.metrics.kernels.device import on_device, products

    entries = on_device(gallery, device)
    return lambda units: products(on_device(units, device), entries).cpu().numpy()


def exact_similarity(
    query: Vectors, gallery: Vectors, *, query_rows: Indices, gallery_rows: Indices, threads: RowThreads
) -> Float64:
    """(Q, D), (G, D), both ``in_range``, and n rows of either -> (n,) float64 cosine similarities to twelve decimals.

    Rounded, so that vectors which differ in length alone tie, whatever the last bits of their sums.
    """
    similarity = np.empty(len(query_rows), dtype=np.float64)

    def compare(part: slice) -> None:
        _cosines(query, gallery, first_rows=query_rows[part], second_rows=gallery_rows[part], out=similarity[part])

    threads.share(len(similarity), compare)
    return similarity.round(_DECIMALS)


@compiled(fastmath={"reassoc", "nsz", "contract"})
def _cosines(first: Vectors, second: Vectors, *, first_rows: Indices, second_rows: Indices, out: Float64) -> None:
    """(N, D), (G, D) and n pairs of rows -> ``out`` (n,). One compiled loop for every pair, so equal rows tie."""
    for pair in range(len(out)):
        one, other = first[first_rows[pair]], second[second_rows[pair]]
        product = length = other_length = 0.0
        for axis in range(len(one)):
            left, right = np.float64(one[axis]), np.float64(other[axis])
            product += left * right
            length += left * left
            other_length += right * right
        out[pair] = product / math.sqrt(length) / math.sqrt(other_length)


def too_close(width: int) -> float:
    """Differences of two float32 similarities up to this may be rounding alone, for vectors of ``width`` numbers.

    The rounding of a sum of D products of unit vectors grows as sqrt(D) half units in the last place
    (Higham and Mary, SIAM J. Sci. Comput. 41, 2019); four times that, a constant for the vectors' own
    rounding, two similarities.
    """
    return 2 * (8 + 4 * math.sqrt(width)) * float(np.finfo(np.float32).eps) / 2
