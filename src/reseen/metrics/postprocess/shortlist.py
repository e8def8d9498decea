"""Shortlists: each row's most similar entries, kept while tiles of similarity pass by.

N = rows, K = entries kept, R x C = a tile of similarities. Compiled loops that release the interpreter's lock; each
takes the part of a tile that is one thread's.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reseen.metrics.kernels.compiled import compiled

Tile = NDArray[np.float32]

_STRIP = 64
"""Similarities looked at together: the few that may enter a list are found strip by strip, not one by one."""


class Shortlist(NamedTuple):
    """``entries`` (N, K) int32 and their ``similarity`` (N, K), best first; ``lowest`` (N,) each row saw."""

    entries: NDArray[np.int32]
    similarity: NDArray[np.float32]
    lowest: NDArray[np.float32]


def empty_shortlist(rows: int, *, count: int) -> Shortlist:
    """Room for ``count`` entries a row; what has seen nothing holds -1 at -inf."""
    return Shortlist(
        entries=np.full((rows, count), -1, dtype=np.int32),
        similarity=np.full((rows, count), -np.inf, dtype=np.float32),
        lowest=np.full(rows, np.inf, dtype=np.float32),
    )


@compiled()
def _enter(similarity: NDArray[np.float32], entries: NDArray[np.int32], value: float, entry: int) -> None:  # noqa: PLR0917 - compiled callers cannot pass keyword-only
    """Put one entry in its place; among equals, after those that came before."""
    place = len(similarity) - 1
    while place > 0 and similarity[place - 1] < value:
        similarity[place] = similarity[place - 1]
        entries[place] = entries[place - 1]
        place -= 1
    similarity[place] = value
    entries[place] = entry


@compiled(fastmath={"nnan", "nsz"})
def offer_rows(kept: Shortlist, tile: Tile, *, first_row: int, first_entry: int) -> None:
    """Offer a tile's columns to the lists of its rows: row r to list first_row + r, as entry first_entry + c."""
    for row in range(len(tile)):
        values, own = tile[row], first_row + row
        similarity, lowest = kept.similarity[own], kept.lowest[own]
        for start in range(0, len(values), _STRIP):
            stop = min(start + _STRIP, len(values))
            highest = values[start]
            for place in range(start, stop):
                highest = max(highest, values[place])
                lowest = min(lowest, values[place])
            if highest > similarity[-1]:
                for place in range(start, stop):
                    if values[place] > similarity[-1]:
                        _enter(similarity, kept.entries[own], value=values[place], entry=first_entry + place)
        kept.lowest[own] = lowest


@compiled(fastmath={"nnan", "nsz"})
def offer_columns(kept: Shortlist, tile: Tile, *, columns: slice, first_row: int, first_entry: int) -> None:
    """Offer a tile's rows to the lists of some of its columns: column c to list first_entry + c."""
    for start in range(columns.start, columns.stop, _STRIP):
        stop = min(start + _STRIP, columns.stop)
        own = first_entry + start
        bars = kept.similarity[own : first_entry + stop, -1].copy()
        lowest = kept.lowest[own : first_entry + stop]
        for row in range(len(tile)):
            values = tile[row, start:stop]
            excess = values[0] - bars[0]
            for column in range(len(values)):
                excess = max(excess, values[column] - bars[column])
                lowest[column] = min(lowest[column], values[column])
            if excess > 0:
                for column in range(len(values)):
                    if values[column] > bars[column]:
                        similarity = kept.similarity[own + column]
                        _enter(similarity, kept.entries[own + column], value=values[column], entry=first_row + row)
                        bars[column] = similarity[-1]


@compiled()
def settle(kept: Shortlist, left: Tile, right: Tile, *, margin: float) -> None:
    """Order entries within ``margin`` of the next in the list by float64 products; ties by entry."""
    for row in range(len(left)):
        similarity, entries = kept.similarity[row], kept.entries[row]
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
def _product(left: NDArray[np.float32], right: NDArray[np.float32]) -> float:
    total = 0.0
    for place in range(len(left)):
        total += np.float64(left[place]) * np.float64(right[place])
    return total


@compiled()
def _sort(exact: NDArray[np.float64], similarity: NDArray[np.float32], entries: NDArray[np.int32]) -> None:
    """Insertion sort of a short run, highest first, ties by entry."""
    for place in range(1, len(exact)):
        value, entry, near = exact[place], entries[place], similarity[place]
        free = place
        while free > 0 and (exact[free - 1] < value or (exact[free - 1] == value and entries[free - 1] > entry)):
            exact[free], entries[free], similarity[free] = exact[free - 1], entries[free - 1], similarity[free - 1]
            free -= 1
        exact[free], entries[free], similarity[free] = value, entry, near
