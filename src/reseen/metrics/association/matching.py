"""The one-to-one matching of largest weight in a sparse graph of rows and columns, found piece by piece.

E = edges. What is not connected does not compete, so each connected piece is an assignment of its own: a few rows and
columns instead of all of them.
"""

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from reseen.metrics.array_types import Bools, Float64, Int64


def best_matching(rows: Int64, columns: Int64, weights: Float64) -> Bools:
    """(E,), (E,) the ends of each edge, no two alike, (E,) weights above 0 -> (E,) whether it is matched.

    >>> best_matching(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([2.0, 1.5, 1.0])).tolist()
    [False, True, True]
    """
    matched = np.ones(len(rows), dtype=np.bool_)
    if not len(rows):
        return matched
    contested = (np.bincount(rows)[rows] > 1) | (np.bincount(columns)[columns] > 1)
    edges = np.flatnonzero(contested)
    for piece in _pieces(rows, columns, edges):
        matched[piece] = _matched(rows[piece], columns[piece], weights[piece])
    return matched


def _pieces(rows: Int64, columns: Int64, edges: Int64) -> list[Int64]:
    """The edges of each connected piece."""
    if not len(edges):
        return []
    first = int(rows.max()) + 1
    size = first + int(columns.max()) + 1
    graph = coo_array((np.ones(len(edges)), (rows[edges], columns[edges] + first)), shape=(size, size))
    labels = connected_components(graph, directed=False)[1][rows[edges]]
    order = np.argsort(labels, kind="stable")
    return np.split(edges[order], np.flatnonzero(np.diff(labels[order])) + 1)


def _matched(rows: Int64, columns: Int64, weights: Float64) -> Bools:
    """One piece, as a dense assignment."""
    names, row = np.unique(rows, return_inverse=True)
    others, column = np.unique(columns, return_inverse=True)
    dense = np.zeros((len(names), len(others)))
    dense[row, column] = weights
    chosen = np.zeros_like(dense, dtype=np.bool_)
    chosen[linear_sum_assignment(dense, maximize=True)] = True
    return np.asarray(chosen[row, column], dtype=np.bool_)
