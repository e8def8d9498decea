"""Measures what a search through the index finds against a comparison with every record, and chooses how to search.

Q = sampled vectors, K = matches.
"""

from typing import Any, NamedTuple

import numpy as np
from lancedb.expr import Expr, col, lit
from numpy.typing import NDArray

from reseen.retrieval.indexes import IndexFacts
from reseen.retrieval.store import Store, rows_of

WANTED = 0.98
"""The recall that a search through the index must reach."""

_MARGIN = 0.005
"""What the measured recall of a sample must have to spare."""

_SAMPLE, _TOP = 256, 10
"""With half as many, the measured recall was a hundredth above that of new queries."""

_REFINE = ((2, WANTED + _MARGIN), (4, WANTED), (16, WANTED))
"""Candidates for each match, and the recall from which more are not tried; two suffice unless that takes all parts."""

_FIRST_PROBES = 8
_NEAR_ENOUGH = 12
"""Fewer parts by less than one in so many are not tried."""

MEASURED_SHARE = 8
"""The filter of the measurement keeps one record in so many."""

_AN_EIGHTH = "2"
"""Ids are random hexadecimal digits: an eighth of them is less than this."""


class Truth(NamedTuple):
    """Sampled vectors (Q, D), their rows ``own`` (Q,), and the nearest ``rows`` (Q, K) among what fits ``where``."""

    vectors: NDArray[np.float32]
    own: NDArray[np.int64]
    rows: NDArray[np.int64]
    where: Expr | None


class Choice(NamedTuple):
    """Parts of the index to read, and the recall that they give."""

    probes: int
    recall: float


def measured(store: Store, *, parts: int, trained: int) -> IndexFacts:
    """The fewest parts and candidates that reach the wanted recall, without and with a filter."""
    table = store.snapshot()  # what others add meanwhile would be found and count as wrong
    vectors, own = _sampled(table)
    truths = [_truth(table, vectors, own=own, where=where) for where in (None, col("id") < lit(_AN_EIGHTH))]
    for refine, enough in _REFINE:
        plain, filtered = (_fewest_probes(table, truth, parts=parts, refine=refine) for truth in truths)
        if min(plain.recall, filtered.recall) >= enough:
            break
    return IndexFacts(
        records=int(table.count_rows()),
        trained=trained,
        parts=parts,
        probes=plain.probes,
        filtered_probes=filtered.probes,
        refine=refine,
        recall=round(plain.recall, 4),
        filtered_recall=round(filtered.recall, 4),
        reached=min(plain.recall, filtered.recall) >= WANTED,
    )


def candidates(table: Any, queries: NDArray[np.float32], *, probes: int, refine: int | None, where: Expr | None) -> Any:
    """A search of unit vectors through an approximate index, which reads its ``probes`` nearest parts.

    Without that limit LanceDB reads all of them, however few it is told to begin with. ``refine`` None: by the index's
    codes alone.
    """
    search = table.search(queries, vector_column_name="vector").distance_type("l2").nprobes(probes)
    search = search if refine is None else search.refine_factor(refine)
    return search if where is None else search.where(where, prefilter=True)


def _sampled(table: Any) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    records = int(table.count_rows())
    offsets = np.sort(np.random.default_rng(0).choice(records, min(_SAMPLE, records), replace=False))
    taken = table.take_offsets(offsets.tolist()).select(["vector"]).with_row_id().to_arrow()
    vectors = taken["vector"].combine_chunks()
    flat = vectors.flatten().to_numpy(zero_copy_only=False).reshape(len(vectors), -1)
    return flat.astype(np.float32), taken["_rowid"].to_numpy().astype(np.int64)


def _truth(table: Any, vectors: NDArray[np.float32], *, own: NDArray[np.int64], where: Expr | None) -> Truth:
    """The nearest others of each sampled vector, by comparing all."""
    from reseen.retrieval.exact import best_of_blocks  # only this needs its compiled loops

    best = best_of_blocks(vectors, rows_of(table, where, columns=["vector"], row_ids=True), k=_TOP + 1)
    return Truth(vectors, own, best.rows, where)


def _fewest_probes(table: Any, truth: Truth, *, parts: int, refine: int) -> Choice:
    """Double the parts until the recall is reached, or all are read; then halve the step between the last two."""
    steps = [*(probes for probes in _doubled(_FIRST_PROBES) if probes < parts), parts]
    too_few, choice = 0, Choice(0, 0.0)
    for probes in steps:
        choice = Choice(probes, _recall(table, truth, probes=probes, refine=refine))
        if choice.recall >= WANTED + _MARGIN:
            break
        too_few = probes
    while choice.probes - too_few > max(1, choice.probes // _NEAR_ENOUGH) and choice.recall >= WANTED + _MARGIN:
        between = (too_few + choice.probes) // 2
        recall = _recall(table, truth, probes=between, refine=refine)
        if recall >= WANTED + _MARGIN:
            choice = Choice(between, recall)
        else:
            too_few = between
    return choice


def _doubled(first: int) -> list[int]:
    return [first << step for step in range(20)]


def _recall(table: Any, truth: Truth, *, probes: int, refine: int) -> float:
    """The share of the nearest others that are found; a sampled vector itself does not count."""
    search = candidates(table, truth.vectors, probes=probes, refine=refine, where=truth.where).limit(_TOP + 1)
    found = search.select(["_distance"]).with_row_id(with_row_id=True).to_arrow()
    query = found["query_index"].to_numpy()
    rows = found["_rowid"].to_numpy().astype(np.int64)
    shares = []
    for place, (own, right) in enumerate(zip(truth.own.tolist(), truth.rows.tolist(), strict=True)):
        wanted = [row for row in right if row != own][:_TOP]
        shares.append(len({*wanted} & {*rows[query == place].tolist()}) / max(1, len(wanted)))
    return float(np.mean(shares))
