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

_WORKERS = 16
"""Rows are dealt out to so many at most; each marks pictures in an array of N numbers of its own."""

LEAST_DISTANCE = np.float32(1e-12)
"""Stands for a row's largest distance where all its distances are zero."""

Lists = NDArray[np.int32]


class Sparse(NamedTuple):
    """Rows of a sparse matrix: row r holds ``values`` in ``columns``, both from starts[r] to starts[r + 1]."""

    starts: NDArray[np.int64]
    columns: NDArray[np.int32]
    values: NDArray[np.float32]


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
    grown = _grown_sets(lists)
    weights = Sparse(*grown, values=np.empty(len(grown.columns), dtype=np.float32))
    _weigh(weights, units, lowest=neighbours.lowest)
    return weights


class _Sets(NamedTuple):
    """Sets of pictures: row r has ``columns`` from starts[r] to starts[r + 1]."""

    starts: NDArray[np.int64]
    columns: Lists


def _grown_sets(lists: _Lists) -> _Sets:
    """The grown set of each row: measured first, then written where it belongs."""
    count, largest = len(lists.rows), lists.rows.shape[1] * (1 + lists.mutual_half.shape[1])
    workers = min(_WORKERS, count)
    marks = np.full((workers, 2, count), -1, dtype=np.int32)
    starts = np.zeros(count + 1, dtype=np.int64)
    scratch, scratch_starts = np.empty(workers * largest, dtype=np.int32), np.arange(count) % workers * largest
    _grow_rows(lists, scratch, scratch_starts, sizes=starts[1:], marks=marks)
    np.cumsum(starts, out=starts)
    columns = np.empty(starts[-1], dtype=np.int32)
    marks.fill(-1)
    _grow_rows(lists, columns, starts[:-1], sizes=np.empty(count, dtype=np.int64), marks=marks)
    return _Sets(starts=starts, columns=columns)


@numba.njit(cache=True)
def _mutual(rows: Lists, *, depth: int) -> NDArray[np.bool_]:
    """(N, K) -> (N, depth) whether a row stands among the first ``depth`` of each of its own first ``depth``."""
    mutual = np.zeros((len(rows), depth), dtype=np.bool_)
    for row in range(len(rows)):
        for place in range(depth):
            for back in range(depth):
                mutual[row, place] |= rows[rows[row, place], back] == row
    return mutual


@numba.njit(cache=True, parallel=True)
def _grow_rows(
    lists: _Lists, columns: Lists, starts: NDArray[np.int64], *, sizes: NDArray[np.int64], marks: NDArray[np.int32]
) -> None:
    """Write each row's grown set into ``columns`` from its start on, and its size into ``sizes``."""
    for worker in numba.prange(len(marks)):
        for row in range(worker, len(sizes), len(marks)):
            sizes[row] = _grow(lists, columns[starts[row] :], marks[worker, 0], marks[worker, 1], row)


@numba.njit(cache=True)
def _grow(lists: _Lists, members: Lists, reached: Lists, grown: Lists, row: int) -> int:
    """One row's grown set -> its size; ``reached`` and ``grown`` (N,) mark R(row) and the grown set by the row."""
    size = 0
    for place in range(lists.rows.shape[1]):
        if lists.mutual[row, place]:
            other = lists.rows[row, place]
            reached[other] = grown[other] = row
            members[size] = other
            size += 1
    for place in range(size):
        candidate = members[place]
        if _shares_enough(lists, reached, candidate=candidate, row=row):
            for near in range(lists.mutual_half.shape[1]):
                other = lists.rows[candidate, near]
                if lists.mutual_half[candidate, near] and grown[other] != row:
                    grown[other] = row
                    members[size] = other
                    size += 1
    return size


@numba.njit(cache=True)
def _shares_enough(lists: _Lists, reached: Lists, candidate: int, row: int) -> bool:
    """Whether more than two thirds of the candidate's smaller set were reached from the row."""
    total = shared = 0
    for place in range(lists.mutual_half.shape[1]):
        if lists.mutual_half[candidate, place]:
            total += 1
            shared += reached[lists.rows[candidate, place]] == row
    return 3 * shared > 2 * total


@numba.njit(cache=True, parallel=True)
def _weigh(weights: Sparse, units: Units, *, lowest: NDArray[np.float32]) -> None:
    """Values of all rows, from their columns."""
    for row in numba.prange(len(units)):
        _weigh_row(weights, units, row=row, largest=max(np.float32(1) - lowest[row], LEAST_DISTANCE))


@numba.njit(cache=True)
def _weigh_row(weights: Sparse, units: Units, row: int, largest: float) -> None:
    total = 0.0
    for place in range(weights.starts[row], weights.starts[row + 1]):
        distance = max(np.float32(0), np.float32(1) - _cosine(units[row], units[weights.columns[place]]))
        weights.values[place] = np.exp(-distance / largest)
        total += weights.values[place]
    for place in range(weights.starts[row], weights.starts[row + 1]):
        weights.values[place] /= total


@numba.njit(cache=True, fastmath={"reassoc", "contract"})
def _cosine(unit: NDArray[np.float32], other: NDArray[np.float32]) -> np.float32:
    total = np.float32(0)
    for place in range(len(unit)):
        total += unit[place] * other[place]
    return total
