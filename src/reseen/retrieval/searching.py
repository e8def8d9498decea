"""Search in a gallery's table: through the index for a few queries, in one pass over the table for many.

Q = queries, D = width, K = matches of each query.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from lancedb.expr import Expr
from numpy.typing import NDArray

from reseen.errors import ReseenError
from reseen.retrieval.answers import Answer, clamped, compared_again
from reseen.retrieval.indexes import IndexFacts, SearchPlan
from reseen.retrieval.record import Matches
from reseen.retrieval.schema import SHOWN, fields_of, match_of
from reseen.retrieval.store import Rewritten, Store
from reseen.retrieval.through_index import by_parts, for_filter

MOST = 10_000
"""The largest number of matches of one query."""

MANY_QUERIES = 32
"""Number of queries from which one pass over the table is faster than a search for each."""

MANY_THROUGH_AN_INDEX = 256
"""The same where an approximate index reads only parts of it."""

MOST_APPROXIMATE = 100
"""The largest number of matches that an approximate index is asked for; its recall was measured with ten."""

FEW_RECORDS = 1_000
"""Up to this number of records that meet the filters, comparing each is as fast as the index."""

_EVERY_PART = 1_000_000
"""Search every part of the index: leaving distant ones out saves little time and loses matches."""


def check_k(k: int) -> None:
    """Raise ReseenError for an impossible number of matches."""
    if not 1 <= k <= MOST:
        raise ReseenError(f"k: expected 1 to {MOST:,} matches, got {k:,}")


class SearchParams(NamedTuple):
    """``k`` matches of each query among the records that meet ``where``; ``exact``: compare every record."""

    k: int
    where: Expr | None
    threshold: float | None
    exact: bool = False


def nearest(store: Store, queries: NDArray[np.float32], params: SearchParams) -> list[Matches]:
    """(Q, D) unit vectors -> each query's K most similar records that meet ``where``, best first.

    Every record is compared, unless the gallery has an approximate index that was measured to find enough.
    """
    if not len(queries):
        return []
    plan = store.plan()
    facts = None if params.exact else _usable(store, plan, queries=len(queries), params=params)
    columns = [*SHOWN, *fields_of(store.schema)]
    if facts is not None:
        try:
            found = store.read(
                lambda _: by_parts(store, queries, k=params.k, where=params.where, facts=facts, columns=columns)
            )
            return [_matches(store, answer, params.threshold, exact=False) for answer in found]
        except ReseenError as error:  # an index that cannot be read; if it is the records, comparing them says so
            store.index_problem = f"the index cannot be read, searches are exact: {error}"
    answers = store.read(lambda _: _compared(store, queries, params, columns=columns))
    return [_matches(store, answer, params.threshold, exact=True) for answer in answers]


def _usable(store: Store, plan: SearchPlan, *, queries: int, params: SearchParams) -> IndexFacts | None:
    """The facts of the approximate index, or None where comparing every record that meets the filters is better."""
    if plan.facts is None or queries >= MANY_THROUGH_AN_INDEX or params.k > MOST_APPROXIMATE:
        return None
    if params.where is None:
        return plan.facts
    fitting = store.count(params.where)
    return None if fitting <= FEW_RECORDS else for_filter(plan.facts, fitting=fitting)


def _matches(store: Store, answer: Answer, threshold: float | None, *, exact: bool) -> Matches:
    """Best first; of equal similarities, the smaller id first."""
    ranked = sorted(answer, key=lambda entry: (-entry[0], entry[1]["id"]))
    model = store.model.fingerprint
    entries = (match_of(row, similarity=similarity, threshold=threshold, model=model) for similarity, row in ranked)
    return Matches(tuple(entries), threshold, exact=exact)


def _compared(
    store: Store, queries: NDArray[np.float32], params: SearchParams, *, columns: list[str]
) -> Iterable[Answer]:
    """Every record is compared: in memory, through an exact index, without one, or in one reading for many queries."""
    if len(queries) >= MANY_QUERIES:
        return _by_reading(store, queries, k=params.k, where=params.where, columns=columns)
    if (answers := _in_memory(store, queries, params, columns=columns)) is not None:
        return answers
    plan = store.plan()
    search = store.table.search(queries, vector_column_name="vector").distance_type("cosine").nprobes(_EVERY_PART)
    search = search.bypass_vector_index() if plan.bypass or plan.facts is not None else search
    search = search if params.where is None else search.where(params.where, prefilter=True)
    return compared_again(search, queries, k=params.k, columns=columns)


def _in_memory(
    store: Store, queries: NDArray[np.float32], params: SearchParams, *, columns: list[str]
) -> list[Answer] | None:
    """The answers from a small gallery's vectors in memory, or None where they are not there."""
    records = store.cached.records(store, queries=len(queries), columns=columns)
    if records is None:
        return None
    fitting = None if params.where is None else records.fitting(store, params.where)
    if params.where is not None and fitting is None:
        return None
    return records.nearest(queries, k=params.k, fitting=fitting)


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
        [(clamped(value), rows[number]) for value, number in zip(values, numbers, strict=True)]
        for values, numbers in zip(best.similarity.tolist(), best.rows.tolist(), strict=True)
    )
