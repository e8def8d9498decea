"""Measures what a search through the index finds against a comparison with every record, and chooses how to search.

Q = sampled vectors, D = width, K = matches.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from lancedb.expr import col, lit
from numpy.typing import NDArray

from reseen.retrieval.candidates import Rows, among, candidates, rows_of_each
from reseen.retrieval.fitting import rows_that_meet
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

_FIRST_PROBES, _FIRST_SHARE = 8, 32
"""The parts that are tried first: so many, or one in so many."""

_NEAR_ENOUGH = 12
"""Fewer parts by less than one in so many are not tried."""

MEASURED_SHARE = 8
"""The filter of the measurement keeps one record in so many."""

_AN_EIGHTH = col("id") < lit("2")
"""Ids are random hexadecimal digits: an eighth of them is less than 2."""

_EQUAL = 1e-6
"""Similarities that differ by less are the same."""

_SPARE = 2
"""So many times the candidates of all records that hold enough of an eighth on average; one vector in thousands gets
too few."""


class Sample(NamedTuple):
    """Stored ``vectors`` (Q, D) and their ``rows`` (Q,)."""

    vectors: NDArray[np.float32]
    rows: Rows


class Truth(NamedTuple):
    """Of each sampled vector the rows of the K ``nearest`` others, among all or among the sorted rows that ``fit``."""

    nearest: list[Rows]
    fit: Rows | None


class Choice(NamedTuple):
    """Parts of the index to read, and the recall that they give."""

    probes: int
    recall: float


def measured(store: Store, *, parts: int, trained: int) -> IndexFacts:
    """The fewest parts and candidates that reach the wanted recall, without and with a filter."""
    store.follow_index()  # all of it is read many times
    table = store.snapshot()  # what others add meanwhile would be found and count as wrong
    sample, truths = _with_truths(table, _sampled(table))
    for refine, enough in _REFINE:
        searches = Searches(table, sample, most=_SPARE * MEASURED_SHARE * refine * _TOP)
        plain, filtered = (_fewest_probes(Recall(searches, truth, refine=refine), parts=parts) for truth in truths)
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


class Searches:
    """The ``most`` candidates of sampled vectors by the index's codes; none is searched for twice with as many parts.

    Stored vectors rank the candidates of a search, so it finds a nearest record if this is a candidate. And those that
    fit a filter are the candidates with this filter, without LanceDB, which lists what fits anew for each vector.
    """

    def __init__(self, table: Any, sample: Sample, *, most: int) -> None:
        self._table, self._sample, self._most = table, sample, most
        self._found: dict[int, dict[int, Rows]] = {}

    def __call__(self, asked: Rows, *, probes: int) -> list[Rows]:
        """Of each of these places in the sample the rows of the others, the nearest first."""
        found = self._found.setdefault(probes, {})
        if new := [place for place in asked.tolist() if place not in found]:
            vectors, own = self._sample.vectors[new], self._sample.rows[new].tolist()
            search = candidates(self._table, vectors, probes=probes, refine=None, where=None).limit(self._most + 1)
            for place, itself, rows in zip(new, own, rows_of_each(search, queries=len(new)), strict=True):
                found[place] = rows[rows != itself]
        return [found[place] for place in asked.tolist()]


class Recall:
    """The share of the nearest that is among ``refine`` candidates for each of the best ten."""

    def __init__(self, searches: Searches, truth: Truth, *, refine: int) -> None:
        self._searches, self._truth, self._kept = searches, truth, refine * _TOP
        self._known: dict[int, NDArray[np.float64]] = {}

    def expected(self, probes: int) -> float:
        """Without asking again for vectors whose nearest were all found in fewer parts."""
        below = max((fewer for fewer in self._known if fewer < probes), default=None)
        shares = np.zeros(len(self._truth.nearest)) if below is None else self._known[below].copy()
        asked = np.flatnonzero(shares < 1)
        shares[asked] = self._shares(asked, probes)
        self._known[probes] = shares
        return float(shares.mean())

    def measured(self, probes: int) -> float:
        """Of all vectors."""
        return float(np.mean(self._shares(np.arange(len(self._truth.nearest)), probes)))

    def _shares(self, asked: Rows, probes: int) -> list[float]:
        shares = []
        for place, rows in zip(asked.tolist(), self._searches(asked, probes=probes), strict=True):
            kept = rows if self._truth.fit is None else rows[among(rows, self._truth.fit)]
            wanted = self._truth.nearest[place]
            shares.append(int(np.isin(wanted, kept[: self._kept]).sum()) / max(1, len(wanted)))
        return shares


def _sampled(table: Any) -> Sample:
    records = int(table.count_rows())
    offsets = np.sort(np.random.default_rng(0).choice(records, min(_SAMPLE, records), replace=False))
    taken = table.take_offsets(offsets.tolist()).select(["vector"]).with_row_id().to_arrow()
    vectors = taken["vector"].combine_chunks()
    flat = vectors.flatten().to_numpy(zero_copy_only=False).reshape(len(vectors), -1)
    return Sample(flat.astype(np.float32), taken["_rowid"].to_numpy().astype(np.int64))


def _with_truths(table: Any, sample: Sample) -> tuple[Sample, list[Truth]]:
    """The nearest among all records, and among an eighth of them, by comparing all in one reading.

    A vector whose nearest are all equal, such as that of an image that is there a hundred times, is left out: any of
    them is right.
    """
    from reseen.retrieval.exact import best_of_parts  # only this needs its compiled loops

    fit = rows_that_meet(table, _AN_EIGHTH)

    def fitting(block: pa.RecordBatch) -> pa.RecordBatch:
        return block.filter(pa.array(among(block["_rowid"].to_numpy().astype(np.int64), fit)))

    blocks = rows_of(table, None, columns=["vector"], row_ids=True)
    best = best_of_parts(sample.vectors, blocks, k=_TOP + 1, parts=[lambda block: block, fitting])
    others = [[rows[rows != own][:_TOP] for rows, own in zip(each.rows, sample.rows, strict=True)] for each in best]
    similarity = best[0].similarity
    clear = np.flatnonzero(similarity[:, 0] - similarity[:, -1] > _EQUAL)
    clear = clear if len(clear) else np.arange(len(sample.rows))
    plain, filtered = ([each[place] for place in clear.tolist()] for each in others)
    return Sample(sample.vectors[clear], sample.rows[clear]), [Truth(plain, None), Truth(filtered, fit)]


def _fewest_probes(recall: Recall, *, parts: int) -> Choice:
    """The fewest parts that reach the recall, or all; what they find is measured with all vectors."""
    wanted = WANTED + _MARGIN
    probes = _fewest(lambda tried: recall.expected(tried) >= wanted, parts=parts)
    found = recall.measured(probes)
    step = max(1, probes // _NEAR_ENOUGH)
    while found < wanted and probes < parts:  # a nearest record may have been displaced by candidates of more parts
        probes, step = min(parts, probes + step), 2 * step
        found = recall.measured(probes)
    return Choice(probes, found)


def _fewest(reached: Callable[[int], bool], *, parts: int) -> int:
    """Double the parts until they suffice, or all are read; then halve the step between the last two."""
    too_few, probes = 0, min(parts, max(_FIRST_PROBES, parts // _FIRST_SHARE))
    while not reached(probes):
        if probes == parts:
            return parts
        too_few, probes = probes, min(2 * probes, parts)
    while probes - too_few > max(1, probes // _NEAR_ENOUGH):
        between = (too_few + probes) // 2
        if reached(between):
            probes = between
        else:
            too_few = between
    return probes
