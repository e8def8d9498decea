"""k-reciprocal sets as sparse weights (Zhong et al., CVPR 2017).

N = images, queries and gallery alike; K = k1 + 1 neighbours a list, the image itself first. Two images are
reciprocal when each stands in the other's list. A set R(p) grows by the smaller set R'(c), made of lists of
round(k1 / 2) + 1, of each member c that shares more than two thirds of it; rounding is to even, as the
authors' code has it.
"""

from typing import NamedTuple

import numpy as np

from reseen.metrics.array_types import Bools, Float32, Int32, Int64, UnitVectors
from reseen.metrics.kernels.compiled import compiled
from reseen.metrics.kernels.threads import RowThreads
from reseen.metrics.postprocess.neighbours import Neighbours

LEAST_DISTANCE = np.float32(1e-12)
"""Stands for a row's largest distance where all its distances are zero."""


class Sparse(NamedTuple):
    """Rows of a sparse matrix: row r holds ``values`` in ``columns``, both from starts[r] to starts[r + 1]."""

    starts: Int64
    columns: Int32
    values: Float32


class _Lists(NamedTuple):
    """``rows`` (N, K), and whether each neighbour is reciprocal: by whole lists (N, K), by half ones (N, H)."""

    rows: Int32
    mutual: Bools
    mutual_half: Bools


def reciprocal_weights(units: UnitVectors, neighbours: Neighbours, *, threads: RowThreads) -> Sparse:
    """(N, D) and lists of K = k1 + 1 -> (N, N) weights exp(-distance) over each row's set, of sum 1.

    A distance is the squared Euclidean one over the row's largest.
    """
    k1 = neighbours.rows.shape[1] - 1
    lists = _Lists(
        rows=neighbours.rows,
        mutual=_mutual(neighbours.rows, depth=k1 + 1),
        mutual_half=_mutual(neighbours.rows, depth=round(k1 / 2) + 1),
    )
    grown = _grown_sets(lists, threads=threads)
    weights = Sparse(*grown, values=np.empty(len(grown.columns), dtype=np.float32))
    largest = np.maximum(1 - neighbours.lowest, LEAST_DISTANCE)
    threads.share(len(units), lambda part: _weigh(weights, units, largest, rows=np.arange(part.start, part.stop)))
    return weights


class _Sets(NamedTuple):
    """Sets of images: row r has ``columns`` from starts[r] to starts[r + 1]."""

    starts: Int64
    columns: Int32


class _Marks(NamedTuple):
    """What belongs to a ``row``: ``reached`` (N,) equals it in R(row), ``grown`` (N,) in the grown set."""

    row: int
    reached: Int32
    grown: Int32


def _grown_sets(lists: _Lists, *, threads: RowThreads) -> _Sets:
    """The grown set of each row: sizes first, then the sets, each in its place."""
    count, largest = len(lists.rows), lists.rows.shape[1] * (1 + lists.mutual_half.shape[1])
    starts, anywhere = np.zeros(count + 1, dtype=np.int64), np.zeros(count, dtype=np.int64)

    def measure(part: slice) -> None:
        starts[1:][part] = _grow_rows(lists, np.empty(largest, dtype=np.int32), anywhere, rows=rows[part])

    rows = np.arange(count)
    threads.share(count, measure)
    np.cumsum(starts, out=starts)
    columns = np.empty(starts[-1], dtype=np.int32)
    threads.share(count, lambda part: _grow_rows(lists, columns, starts, rows=rows[part]))
    return _Sets(starts=starts, columns=columns)


@compiled()
def _mutual(rows: Int32, *, depth: int) -> Bools:
    """(N, K) -> (N, depth) whether a row stands among the first ``depth`` of each of its own first ``depth``."""
    mutual = np.zeros((len(rows), depth), dtype=np.bool_)
    for row in range(len(rows)):
        for place in range(depth):
            for back in range(depth):
                mutual[row, place] |= rows[rows[row, place], back] == row
    return mutual


@compiled()
def _grow_rows(lists: _Lists, columns: Int32, starts: Int64, *, rows: Int64) -> Int64:
    """Write the grown sets of some rows into ``columns``, each from its start on -> their sizes."""
    reached, grown = np.full(len(lists.rows), -1, dtype=np.int32), np.full(len(lists.rows), -1, dtype=np.int32)
    sizes = np.empty_like(rows)
    for place in range(len(rows)):
        row = rows[place]
        sizes[place] = _grow(lists, columns[starts[row] :], _Marks(row, reached, grown))
    return sizes


@compiled()
def _grow(lists: _Lists, members: Int32, marks: _Marks) -> int:
    """One row's grown set -> its size; the marks of both sets are set."""
    size = 0
    for place in range(lists.rows.shape[1]):
        if lists.mutual[marks.row, place]:
            other = lists.rows[marks.row, place]
            marks.reached[other] = marks.grown[other] = marks.row
            members[size] = other
            size += 1
    for place in range(size):
        candidate = members[place]
        if _shares_enough(lists, marks, candidate):
            for near in range(lists.mutual_half.shape[1]):
                other = lists.rows[candidate, near]
                if lists.mutual_half[candidate, near] and marks.grown[other] != marks.row:
                    marks.grown[other] = marks.row
                    members[size] = other
                    size += 1
    return size


@compiled()
def _shares_enough(lists: _Lists, marks: _Marks, candidate: int) -> bool:
    """Whether more than two thirds of the candidate's smaller set are in R(row)."""
    total = shared = 0
    for place in range(lists.mutual_half.shape[1]):
        if lists.mutual_half[candidate, place]:
            total += 1
            shared += marks.reached[lists.rows[candidate, place]] == marks.row
    return 3 * shared > 2 * total


@compiled()
def _weigh(weights: Sparse, units: UnitVectors, largest: Float32, *, rows: Int64) -> None:
    """Values of some rows from their columns; ``largest`` (N,): each row's largest distance, halved like all."""
    for row in rows:
        total = 0.0
        for place in range(weights.starts[row], weights.starts[row + 1]):
            distance = max(np.float32(0), np.float32(1) - _cosine(units[row], units[weights.columns[place]]))
            weights.values[place] = np.exp(-distance / largest[row])
            total += weights.values[place]
        for place in range(weights.starts[row], weights.starts[row + 1]):
            weights.values[place] /= total


@compiled(fastmath={"reassoc", "contract"})
def _cosine(unit: Float32, other: Float32) -> np.float32:
    total = np.float32(0)
    for place in range(len(unit)):
        total += unit[place] * other[place]
    return total
