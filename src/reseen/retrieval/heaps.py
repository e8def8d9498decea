"""Heaps: each query's most similar records while tiles of similarity pass by, whatever the number kept.

Q = queries, K = records kept, R x C = a tile of similarities. The least similar is at a heap's head, where the next
record has to beat it. Compiled loops that release the interpreter's lock.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reseen.metrics.kernels.compiled import compiled

_STRIP = 64
"""Similarities looked at together: the few that may enter a heap are found strip by strip, not one by one."""


class Heaps(NamedTuple):
    """``similarity`` (Q, K) float32 and the ``places`` (Q, K) int64 that were offered with it; -inf and -1: nothing."""

    similarity: NDArray[np.float32]
    places: NDArray[np.int64]


def empty_heaps(queries: int, *, count: int) -> Heaps:
    """Room for ``count`` records a query."""
    return Heaps(
        similarity=np.full((queries, count), -np.inf, dtype=np.float32),
        places=np.full((queries, count), -1, dtype=np.int64),
    )


@compiled(fastmath={"nnan", "nsz"})
def offer(heaps: Heaps, tile: NDArray[np.float32], *, first_query: int, first_place: int) -> None:
    """Offer a tile (R, C): row r to heap first_query + r, column c as place first_place + c."""
    for row in range(len(tile)):
        values, heap = tile[row], heaps.similarity[first_query + row]
        places = heaps.places[first_query + row]
        for start in range(0, len(values), _STRIP):
            stop = min(start + _STRIP, len(values))
            highest = values[start]
            for column in range(start, stop):
                highest = max(highest, values[column])
            if highest > heap[0]:
                for column in range(start, stop):
                    if values[column] > heap[0]:
                        _replace_head(heap, places, value=values[column], place=first_place + column)


@compiled()
def _replace_head(heap: NDArray[np.float32], places: NDArray[np.int64], value: float, place: int) -> None:  # noqa: PLR0917 - compiled callers cannot pass keyword-only
    """Put a record where the least similar was, and sift it down to where its children are no less similar."""
    node, child = 0, 1
    while child < len(heap):
        if child + 1 < len(heap) and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= value:
            break
        heap[node], places[node] = heap[child], places[child]
        node, child = child, 2 * child + 1
    heap[node], places[node] = value, place
