"""The K best entries of each row, kept while tiles of similarity pass by; equal ones in the order of entries.

N = rows, K = entries kept, R x C = a tile of similarities. Compiled loops that release the interpreter's lock; each
takes the part of a tile that belongs to one thread.
"""

from typing import NamedTuple

import numpy as np

from reseen.metrics.array_types import Float32, Float64, Int64, UnitVectors
from reseen.metrics.kernels.compiled import compiled

_STRIP = 64
"""Similarities looked at together: the few that may enter a heap are found strip by strip, not one by one."""


class TopK(NamedTuple):
    """Heaps with the worst entry first: ``similarity`` (N, K), ``entries`` (N, K); ``lowest`` (N,) each row has seen.

    Where fewer than K entries have passed, -inf and -1 fill the rest. ``finish`` puts the best first.
    """

    similarity: Float32
    entries: Int64
    lowest: Float32


def empty_topk(rows: int, *, count: int) -> TopK:
    """Room for ``count`` entries of each row."""
    return TopK(
        similarity=np.full((rows, count), -np.inf, dtype=np.float32),
        entries=np.full((rows, count), -1, dtype=np.int64),
        lowest=np.full(rows, np.inf, dtype=np.float32),
    )


@compiled(fastmath={"nnan", "nsz"})
def push(best: TopK, tile: Float32, *, first_row: int, first_entry: int) -> None:
    """Offer a tile to the heaps of its rows: row r to heap first_row + r, column c as entry first_entry + c.

    A heap must be offered its entries in ascending order.
    """
    for row in range(len(tile)):
        values, heap = tile[row], best.similarity[first_row + row]
        entries, lowest = best.entries[first_row + row], best.lowest[first_row + row]
        for start in range(0, len(values), _STRIP):
            stop = min(start + _STRIP, len(values))
            highest = values[start]
            for column in range(start, stop):
                highest = max(highest, values[column])
                lowest = min(lowest, values[column])
            if highest > heap[0]:
                for column in range(start, stop):
                    if values[column] > heap[0]:
                        _replace_worst(heap, entries, values[column], first_entry + column)
        best.lowest[first_row + row] = lowest


@compiled(fastmath={"nnan", "nsz"})
def push_columns(best: TopK, tile: Float32, *, columns: slice, first_row: int, first_entry: int) -> None:
    """Offer a tile to the heaps of some columns: column c to heap first_entry + c, row r as entry first_row + r."""
    for start in range(columns.start, columns.stop, _STRIP):
        stop = min(start + _STRIP, columns.stop)
        heap = first_entry + start
        bars = best.similarity[heap : first_entry + stop, 0].copy()
        lowest = best.lowest[heap : first_entry + stop]
        for row in range(len(tile)):
            values = tile[row, start:stop]
            excess = values[0] - bars[0]
            for column in range(len(values)):
                excess = max(excess, values[column] - bars[column])
                lowest[column] = min(lowest[column], values[column])
            if excess > 0:
                for column in range(len(values)):
                    if values[column] > bars[column]:
                        similarity = best.similarity[heap + column]
                        _replace_worst(similarity, best.entries[heap + column], values[column], first_row + row)
                        bars[column] = similarity[0]


@compiled()
def _replace_worst(heap: Float32, entries: Int64, value: float, entry: int) -> None:  # noqa: PLR0917 - compiled callers cannot pass keyword-only
    """Put an entry where the worst was, and sift it down to where its children are better."""
    node, child = 0, 1
    while child < len(heap):
        right = child + 1
        if right < len(heap) and _is_worse(heap[right], entries[right], heap[child], entries[child]):
            child = right
        if _is_worse(value, entry, heap[child], entries[child]):
            break
        heap[node], entries[node] = heap[child], entries[child]
        node, child = child, 2 * child + 1
    heap[node], entries[node] = value, entry


@compiled()
def _is_worse(value: float, entry: int, than_value: float, than_entry: int) -> bool:  # noqa: PLR0917 - compiled callers cannot pass keyword-only
    return value < than_value or (value == than_value and entry > than_entry)


def finish(best: TopK) -> TopK:
    """The entries of each row, best first; equal ones in ascending order."""
    order = np.lexsort((best.entries, -best.similarity))
    entries = np.take_along_axis(best.entries, order, axis=1)
    return TopK(np.take_along_axis(best.similarity, order, axis=1), entries, best.lowest)


@compiled()
def finish_exactly(best: TopK, left: UnitVectors, right: UnitVectors, *, margin: float) -> None:
    """Order finished entries (N, K) within ``margin`` of the next one by float64 products; equal ones by entry.

    ``left`` (N, D) belongs to the rows, ``right`` (M, D) to the entries.
    """
    for row in range(len(left)):
        similarity, entries = best.similarity[row], best.entries[row]
        start = 0
        while start < len(entries):
            stop = start + 1
            while stop < len(entries) and similarity[stop - 1] - similarity[stop] <= margin:
                stop += 1
            if stop - start > 1:
                exact = np.empty(stop - start)
                for place in range(start, stop):
                    exact[place - start] = _product(left[row], right[entries[place]])
                _sort(exact, similarity[start:stop], entries[start:stop])
            start = stop


@compiled(fastmath={"reassoc", "contract"})
def _product(left: Float32, right: Float32) -> float:
    total = 0.0
    for place in range(len(left)):
        total += np.float64(left[place]) * np.float64(right[place])
    return total


@compiled()
def _sort(exact: Float64, similarity: Float32, entries: Int64) -> None:
    """Insertion sort of a short run: highest first, equal ones by entry."""
    for place in range(1, len(exact)):
        value, entry, near = exact[place], entries[place], similarity[place]
        free = place
        while free > 0 and _is_worse(exact[free - 1], entries[free - 1], value, entry):
            exact[free], entries[free], similarity[free] = exact[free - 1], entries[free - 1], similarity[free - 1]
            free -= 1
        exact[free], entries[free], similarity[free] = value, entry, near
