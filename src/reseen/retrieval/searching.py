"""Search in a gallery's table: through the index for a few queries, in one pass over the table for many.

Q = queries, D = width, K = matches of each query.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from lancedb.expr import Expr
from lancedb.index import IvfFlat
from numpy.typing import NDArray

from reseen.errors import ReseenError
from reseen.retrieval.record import Matches
from reseen.retrieval.schema import SHOWN, fields_of, match_of
from reseen.retrieval.store import Rewritten, Store

MOST = 10_000
"""The largest number of matches of one query."""

INDEX_PAYS = 10_000
"""Number of records from which an index is worth its size on disk."""

MANY_QUERIES = 32
"""Number of queries from which one pass over the table is faster than a search for each."""

_PARTITION = 4096
_EVERY_PART = 1_000_000
"""Search every part of the index: leaving distant ones out saves little time and loses matches."""

_INDEX = "vector_idx"


def check_k(k: int) -> None:
    """Raise ReseenError for an impossible number of matches."""
    if not 1 <= k <= MOST:
        raise ReseenError(f"k: expected 1 to {MOST:,} matches, got {k:,}")


def nearest(
    store: Store, queries: NDArray[np.float32], *, k: int, where: Expr | None, threshold: float | None
) -> list[Matches]:
    """(Q, D) unit vectors -> each query's K most similar records that meet ``where``, best first.

    The search is exact: every record is compared.
    """
    columns = [*SHOWN, *fields_of(store.schema)]
    if len(queries) >= MANY_QUERIES:
        answers = store.read(lambda _: _by_reading(store, queries, k=k, where=where, columns=columns))
    else:
        answers = store.read(lambda table: _by_index(table, queries, k=k, where=where, columns=columns))
    return [_matches(answer, threshold) for answer in answers]


Answer = Iterable[tuple[float, dict[str, Any]]]


def _matches(answer: Answer, threshold: float | None) -> Matches:
    """Best first; of equal similarities, the smaller id first."""
    ranked = sorted(answer, key=lambda entry: (-entry[0], entry[1]["id"]))
    entries = (match_of(row, similarity=similarity, threshold=threshold) for similarity, row in ranked)
    return Matches(tuple(entries), threshold)


def _by_index(
    table: Any, queries: NDArray[np.float32], *, k: int, where: Expr | None, columns: list[str]
) -> Iterable[Answer]:
    search = table.search(queries, vector_column_name="vector").distance_type("cosine").limit(k)
    search = search.nprobes(_EVERY_PART).select([*columns, "_distance"])
    found: list[list[tuple[float, dict[str, Any]]]] = [[] for _ in queries]
    for row in (search if where is None else search.where(where, prefilter=True)).to_arrow().to_pylist():
        found[row.get("query_index", 0)].append((_similarity(1.0 - row["_distance"]), row))
    return found


def _by_reading(
    store: Store, queries: NDArray[np.float32], *, k: int, where: Expr | None, columns: list[str]
) -> Iterable[Answer]:
    from reseen.retrieval.exact import best_of_blocks  # only this needs its compiled loops

    best = best_of_blocks(queries, store.rows(where, columns=["vector"], row_ids=True), k=k)
    wanted = np.unique(best.rows)
    if not len(wanted):
        return [[] for _ in queries]
    taken = store.table.take_row_ids(wanted.tolist()).select(columns).with_row_id().to_arrow().to_pylist()
    rows = {row["_rowid"]: row for row in taken}
    if len(rows) < len(wanted):
        raise Rewritten
    return (
        ((_similarity(value), rows[number]) for value, number in zip(values, numbers, strict=True))
        for values, numbers in zip(best.similarity.tolist(), best.rows.tolist(), strict=True)
    )


def _similarity(value: float) -> float:
    """Rounding can make the cosine of equal vectors larger than 1."""
    return min(max(float(value), -1.0), 1.0)


def indexed(table: Any) -> int:
    """How many records are in the index; 0 without an index."""
    names = {index.name for index in table.list_indices()}
    return int(table.index_stats(_INDEX).num_indexed_rows) if _INDEX in names else 0


def build_index(table: Any) -> None:
    """Partition the uncompressed vectors by similarity; a search of all parts is exact."""
    table.create_index("vector", config=IvfFlat(distance_type="cosine", target_partition_size=_PARTITION), name=_INDEX)


def index_if_it_pays(table: Any) -> None:
    """Build the index of a table that has none and at least ``INDEX_PAYS`` records."""
    if not indexed(table) and table.count_rows() >= INDEX_PAYS:
        build_index(table)
