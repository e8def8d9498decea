"""Search through a large gallery's approximate index: its nearest parts give candidates, stored vectors rank them.

Q = queries, D = width, K = matches of each query, M = rows.
"""

from collections.abc import Callable, Sequence
from math import ceil, log
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from lancedb.expr import Expr
from numpy.typing import NDArray

from reseen.retrieval.answers import Answer, answers_of, clamped, of_squared
from reseen.retrieval.candidates import Rows, among, candidates, rows_of_each
from reseen.retrieval.indexes import IndexFacts
from reseen.retrieval.recall import MEASURED_SHARE
from reseen.retrieval.store import Rewritten, Store

Vectors = NDArray[np.float32]
Found = TypeVar("Found")

_MOST_CANDIDATES = 1500
"""Candidates of all records that cost less than LanceDB's own filtering of a million records."""

_MEASURED = 10
"""The matches that ``refine`` was measured with; fewer need as many candidates."""

_LEAST_POWER, _MOST_POWER = 1 / 8, 1 / 2
"""Of how much rarer than an eighth a filter's records are: what the parts grow with."""

_SPARE, _ENOUGH = 1.5, 0.8
"""So many times the candidates that would fit on average are asked for, because that varies by its root, and this share
of what was measured suffices."""


def by_parts(
    store: Store, queries: Vectors, *, k: int, where: Expr | None, facts: IndexFacts, columns: Sequence[str]
) -> list[Answer]:
    """(Q, D) unit vectors -> each query's K most similar of the candidates that the nearest parts hold, best first."""
    found = None if where is None else _fitting_of_all(store, queries, k=k, where=where, facts=facts)
    if found is None:
        return _by_lancedb(store, queries, k=k, where=where, facts=facts, columns=columns)
    return _ranked(store.table, queries, found, k=k, columns=columns)


def for_filter(facts: IndexFacts, *, fitting: int) -> IndexFacts:
    """More parts where fewer records fit than the eighth that the recall was measured with.

    The nearest that fit then lie in more parts, at most by the power with which these grew from all records to an
    eighth.
    """
    rarer = max(1.0, facts.records / MEASURED_SHARE / fitting)
    power = log(facts.filtered_probes / facts.probes, MEASURED_SHARE)
    more = rarer ** min(max(power, _LEAST_POWER), _MOST_POWER)
    return facts._replace(filtered_probes=min(facts.parts, ceil(facts.filtered_probes * more)))


def _by_lancedb(
    store: Store, queries: Vectors, *, k: int, where: Expr | None, facts: IndexFacts, columns: Sequence[str]
) -> list[Answer]:
    """LanceDB filters first, and compares the candidates by the stored vectors itself."""

    def read(probes: int) -> list[Answer]:
        refine = ceil(_candidates(k, facts) / k)
        return _searched(
            store,
            lambda: candidates(store.table, queries, probes=probes, refine=refine, where=where),
            lambda search: answers_of(search, queries=len(queries), k=k, columns=columns, similarity=of_squared),
        )

    if where is None:
        return read(facts.probes)
    answers = read(facts.filtered_probes)
    enough = all(len(answer) >= k for answer in answers) or facts.filtered_probes >= facts.parts
    return answers if enough else read(facts.parts)  # what fits lies elsewhere


def _fitting_of_all(store: Store, queries: Vectors, *, k: int, where: Expr, facts: IndexFacts) -> list[Rows] | None:
    """Each query's candidates where a large share of all records fits: so many of all that enough of them fit.

    LanceDB lists what fits anew for each search, which takes longer than the search. None where that is better: few
    fit, they are not listed yet, or too few of the candidates fit.
    """
    expected, wanted = store.count(where), _candidates(k, facts)
    most = ceil(_SPARE * wanted * store.records() / max(expected, 1))
    if most > _MOST_CANDIDATES:
        return None
    listed = store.fitting.listed(store, where, expected=expected)
    if listed is None or not len(listed.rows):
        return None
    nearest = _nearest(store, queries, probes=facts.filtered_probes, most=most)
    found = [rows[among(rows, listed.rows)][:wanted] for rows in nearest]
    if min(map(len, found)) < max(k, _ENOUGH * wanted):
        store.fitting.count_failure(where)
        return None
    return found if listed.is_newest(store) else None


def _candidates(k: int, facts: IndexFacts) -> int:
    """Candidates that are compared by their stored vectors."""
    return max(k, _MEASURED) * facts.refine


def _searched(store: Store, build: Callable[[], Any], run: Callable[[Any], Found]) -> Found:
    """What a search through the index finds, and among the records that are not in it yet.

    Looking for those takes a tenth of the time, so it is left out where the plan knows of none and no newer version has
    come meanwhile.
    """
    version = store.version
    if store.plan().late == 0:
        found = run(build().fast_search())
        if store.read(lambda table: int(table.version)) == version:
            return found
    return run(build())


def _nearest(store: Store, queries: Vectors, *, probes: int, most: int) -> list[Rows]:
    """Each query's rows, the nearest by the index's codes first; records that are not in the index are compared too."""
    return _searched(
        store,
        lambda: candidates(store.table, queries, probes=probes, refine=None, where=None).limit(most),
        lambda search: rows_of_each(search, queries=len(queries)),
    )


def _ranked(table: Any, queries: Vectors, found: Sequence[Rows], *, k: int, columns: Sequence[str]) -> list[Answer]:
    """Compare the rows that were found by their stored vectors; between unit vectors that is 2 - 2 cosines.

    Vectors and columns are taken at once, which takes less time than the columns of the best in a second take.
    """
    every = np.unique(np.concatenate(found))
    if not len(every):
        return [[] for _ in queries]
    taken = _taken(table, every, ["vector", *columns])
    vectors = taken["vector"].combine_chunks().flatten().to_numpy().reshape(len(every), -1)
    best: list[tuple[Rows, NDArray[np.float32]]] = []
    for query, rows in zip(queries, found, strict=True):
        places = np.searchsorted(every, rows)
        apart = vectors[places].astype(np.float64) - query
        distances = (apart * apart).sum(axis=1).astype(np.float32)
        order = np.argsort(distances, kind="stable")[:k]
        best.append((places[order], distances[order]))
    shown = iter(taken.drop_columns(["vector"]).take(np.concatenate([places for places, _ in best])).to_pylist())
    return [[(clamped(of_squared(far)), next(shown)) for far in distances.tolist()] for _, distances in best]


def _taken(table: Any, rows: Rows, columns: Sequence[str]) -> pa.Table:
    """These sorted rows, in their order. Raises Rewritten if another process has moved one of them meanwhile."""
    taken = table.take_row_ids(rows.tolist()).select(list(columns)).with_row_id().to_arrow()
    if len(taken) < len(rows):
        raise Rewritten
    return taken.take(np.argsort(taken["_rowid"].to_numpy()))
