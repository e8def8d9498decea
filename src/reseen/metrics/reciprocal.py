"""k-reciprocal sets as sparse weights (Zhong et al., CVPR 2017, section 3.2 and equation 7).

N = pictures, queries and gallery alike; K = k1 + 1 neighbours a list, the picture itself first. Two pictures are
reciprocal when each stands in the other's list. A set R(p) grows by the smaller set R'(c), made of lists of
round(k1 / 2) + 1, of each member c that shares more than two thirds of it; rounding is to even, as the
authors' code has it.
"""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from reseen.metrics.neighbours import Neighbours
from reseen.metrics.units import Units

_ROWS_AT_ONCE = 256
"""Rows one thread takes at a time: a picture is marked in an array of N numbers, made once for these rows."""

LEAST_DISTANCE = np.float32(1e-12)
"""Stands for a row's largest distance where all its distances are zero."""

Lists = NDArray[np.int32]


class Sparse(NamedTuple):
    """Rows of a sparse matrix: row r holds ``values`` in ``columns``, both from starts[r] to starts[r + 1]."""

    starts: NDArray[np.int64]
    columns: NDArray[np.int32]
    values: NDArray[np.float32]


class _Marks(NamedTuple):
    """Which row last had each picture in its set, and in its grown set; (N,) both."""

    reached: Lists
    grown: Lists


class _Lists(NamedTuple):
    """``rows`` (N, K), and whether each neighbour is reciprocal: by whole lists (N, K), by half ones (N, H)."""

    rows: Lists
    mutual: NDArray[np.bool_]
    mutual_half: NDArray[np.bool_]


def reciprocal_weights(units: Units, neighbours: Neighbours) -> Sparse:
    """(N, D) and lists of K = k1 + 1 -> (N, N) weights exp(-distance) over each row's set, of sum 1.

    A distance is the squared Euclidean one over the row's largest.
    """
    k1 = neighbours.rows.shape[1] - 1
    lists = _Lists(
        rows=neighbours.rows,
        mutual=_mutual(neighbours.rows, depth=k1 + 1),
        mutual_half=_mutual(neighbours.rows, depth=round(k1 / 2) + 1),
    )
    starts = np.zeros(len(units) + 1, dtype=np.int64)
    _sizes(lists, starts[1:])
    np.cumsum(starts, out=starts)
    weights = Sparse(
        starts=starts, columns=np.empty(starts[-1], dtype=np.int32), values=np.empty(starts[-1], dtype=np.float32)
    )
    _fill(lists, weights, units, neighbours)
    return weights


@numba.njit(cache=True, parallel=True)
def _mutual(rows: Lists, *, depth: int) -> NDArray[np.bool_]:
    """(N, K) -> (N, depth) whether a row stands among the first ``depth`` of each of its own first ``depth``."""
    mutual = np.zeros((len(rows), depth), dtype=np.bool_)
    for row in numba.prange(len(rows)):
        for place in range(depth):
            other = rows[row, place]
            for back in range(depth):
                if rows[other, back] == row:
                    mutual[row, place] = True
                    break
    return mutual


@numba.njit(cache=True, parallel=True)
def _sizes(lists: _Lists, sizes: NDArray[np.int64]) -> None:
    """How many pictures each row's grown set has."""
    for part in numba.prange((len(sizes) + _ROWS_AT_ONCE - 1) // _ROWS_AT_ONCE):
        first = part * _ROWS_AT_ONCE
        _sizes_of_part(lists, sizes[first : first + _ROWS_AT_ONCE], first=first)


@numba.njit(cache=True)
def _sizes_of_part(lists: _Lists, sizes: NDArray[np.int64], first: int) -> None:
    marks, members = _marks(lists), _room(lists)
    for place in range(len(sizes)):
        sizes[place] = _grow(lists, members, marks, row=first + place)


@numba.njit(cache=True, parallel=True)
def _fill(lists: _Lists, weights: Sparse, units: Units, neighbours: Neighbours) -> None:
    """Columns and weights of every row."""
    for part in numba.prange((len(units) + _ROWS_AT_ONCE - 1) // _ROWS_AT_ONCE):
        _fill_part(lists, weights, units, lowest=neighbours.lowest, first=part * _ROWS_AT_ONCE)


@numba.njit(cache=True)
def _fill_part(lists: _Lists, weights: Sparse, units: Units, lowest: NDArray[np.float32], first: int) -> None:
    marks, members = _marks(lists), _room(lists)
    for row in range(first, min(first + _ROWS_AT_ONCE, len(units))):
        size = _grow(lists, members, marks, row=row)
        own = slice(weights.starts[row], weights.starts[row + 1])
        weights.columns[own] = members[:size]
        _similarities(weights.values[own], weights.columns[own], units, row=row)
        _weigh(weights.values[own], lowest[row])


@numba.njit(cache=True)
def _marks(lists: _Lists) -> _Marks:
    count = len(lists.rows)
    return _Marks(np.full(count, -1, dtype=np.int32), np.full(count, -1, dtype=np.int32))


@numba.njit(cache=True)
def _room(lists: _Lists) -> Lists:
    """Room for the largest grown set there can be."""
    return np.empty(lists.rows.shape[1] * (1 + lists.mutual_half.shape[1]), dtype=np.int32)


@numba.njit(cache=True)
def _grow(lists: _Lists, members: Lists, marks: _Marks, row: int) -> int:
    """Write a row's grown set into ``members`` -> its size."""
    size = 0
    for place in range(lists.rows.shape[1]):
        if lists.mutual[row, place]:
            other = lists.rows[row, place]
            marks.reached[other] = marks.grown[other] = row
            members[size] = other
            size += 1
    for candidate in members[:size].copy():
        if _shares_enough(lists, marks, candidate, row=row):
            for place in range(lists.mutual_half.shape[1]):
                other = lists.rows[candidate, place]
                if lists.mutual_half[candidate, place] and marks.grown[other] != row:
                    marks.grown[other] = row
                    members[size] = other
                    size += 1
    return size


@numba.njit(cache=True)
def _shares_enough(lists: _Lists, marks: _Marks, candidate: int, row: int) -> bool:
    """Whether more than two thirds of the candidate's smaller set were reached from the row."""
    total = shared = 0
    for place in range(lists.mutual_half.shape[1]):
        if lists.mutual_half[candidate, place]:
            total += 1
            shared += marks.reached[lists.rows[candidate, place]] == row
    return 3 * shared > 2 * total


@numba.njit(cache=True, fastmath={"reassoc", "contract"})
def _similarities(values: NDArray[np.float32], columns: Lists, units: Units, row: int) -> None:
    """Cosines of a row to the pictures in ``columns``."""
    for place in range(len(columns)):
        similarity = np.float32(0)
        for number in range(units.shape[1]):
            similarity += units[row, number] * units[columns[place], number]
        values[place] = similarity


@numba.njit(cache=True)
def _weigh(values: NDArray[np.float32], lowest: float) -> None:
    """Cosines of a row's set become weights of sum 1; ``lowest`` is the row's cosine to any picture."""
    largest = max(np.float32(1) - lowest, LEAST_DISTANCE)
    total = 0.0
    for place in range(len(values)):
        values[place] = np.exp(-max(np.float32(0), np.float32(1) - values[place]) / largest)
        total += values[place]
    for place in range(len(values)):
        values[place] /= total
