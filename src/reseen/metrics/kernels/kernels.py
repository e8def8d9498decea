"""The loops of evaluation, compiled by numba when first called: normalise, compare exactly, order, hide.

All take C-ordered arrays and release the interpreter's lock, so that threads can share rows out.
b = queries of a tile, c = its entries.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reseen.metrics.kernels.compiled import compiled

Whole = NDArray[np.int64]
Single = NDArray[np.float32]
Double = NDArray[np.float64]


@compiled(fastmath={"reassoc", "nsz", "contract"})
def normalise(vectors: NDArray[Any], rows: Whole, units: Single) -> None:
    """(N, D) and n rows -> ``units`` (n, D) of length 1, their lengths summed in float64."""
    for place in range(len(rows)):
        vector = vectors[rows[place]]
        total = 0.0
        for axis in range(len(vector)):
            total += np.float64(vector[axis]) * np.float64(vector[axis])
        scale = 1.0 / math.sqrt(total)
        for axis in range(len(vector)):
            units[place, axis] = np.float32(np.float64(vector[axis]) * scale)


@compiled(fastmath={"reassoc", "nsz", "contract"})
def cosines(first: NDArray[Any], second: NDArray[Any], *, first_rows: Whole, second_rows: Whole, out: Double) -> None:
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


@compiled()
def best_first(first: Whole, similarity: Double, order: Whole) -> None:
    """(p,) similarities, ``first`` (b + 1,) where each query's begin -> ``order`` (p,) their places, best first.

    Equal ones keep their order. Shell's sort, which compiles in a tenth of the time that numba's own takes.
    """
    order[:] = np.arange(len(order))
    for query in range(len(first) - 1):
        places = order[first[query] : first[query + 1]]
        gap = len(places)
        while gap > 1:
            gap = max(1, gap * 4 // 9)
            for start in range(gap, len(places)):
                place, at = places[start], start
                while at >= gap and _stands_behind(places[at - gap], place, similarity):
                    places[at] = places[at - gap]
                    at -= gap
                places[at] = place


@compiled()
def _stands_behind(one: int, other: int, similarity: Double) -> bool:
    return similarity[one] < similarity[other] or (similarity[one] == similarity[other] and one > other)


@compiled()
def best_of_each(values: Single, starts: Whole, best: Single) -> None:
    """(b, pictures) and (c + 1,) where each entry's pictures begin -> ``best`` (b, c) largest value of each."""
    for query in range(len(values)):
        for entry in range(len(starts) - 1):
            best[query, entry] = values[query, starts[entry] : starts[entry + 1]].max()


@compiled()
def hide(values: Single, query_identities: Whole, *, identities: Whole, columns: Whole) -> None:
    """(b, c), (b,): entries of the query's own identity become -inf, so that its rivals alone are counted.

    ``identities`` (c,) ascending, of the entries in ``columns`` (c,).
    """
    for query in range(len(values)):
        identity = query_identities[query]
        place = np.searchsorted(identities, identity)
        while place < len(identities) and identities[place] == identity:
            values[query, columns[place]] = -np.inf
            place += 1
