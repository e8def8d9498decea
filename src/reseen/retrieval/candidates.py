"""Candidates of an approximate index: the search that gives them, and their rows by the index's codes alone.

Q = queries, D = width, M = rows.
"""

from typing import Any

import numpy as np
from lancedb.expr import Expr
from numpy.typing import NDArray

Rows = NDArray[np.int64]


def candidates(table: Any, queries: NDArray[np.float32], *, probes: int, refine: int | None, where: Expr | None) -> Any:
    """A search of unit vectors through an approximate index, which reads its ``probes`` nearest parts.

    Without that limit LanceDB reads all of them, however few it is told to begin with. ``refine`` None: by the index's
    codes alone.
    """
    search = table.search(queries, vector_column_name="vector").distance_type("l2").nprobes(probes)
    search = search if refine is None else search.refine_factor(refine)
    return search if where is None else search.where(where, prefilter=True)


def rows_of_each(search: Any, *, queries: int) -> list[Rows]:
    """The rows that the search finds for each query, the nearest first."""
    told = search.select(["_distance"]).with_row_id(with_row_id=True).to_arrow()
    order = np.argsort(told["_distance"].to_numpy(), kind="stable")
    rows = told["_rowid"].to_numpy().astype(np.int64)[order]
    if "query_index" not in told.column_names:  # one query alone has none
        return [rows]
    query = told["query_index"].to_numpy()[order]
    return [rows[query == place] for place in range(queries)]


def among(rows: Rows, listed: Rows) -> NDArray[np.bool_]:
    """(M,): which rows are among the sorted ``listed``."""
    if not len(listed):
        return np.zeros(len(rows), dtype=np.bool_)
    places = np.minimum(np.searchsorted(listed, rows), len(listed) - 1)
    return np.equal(listed[places], rows)
