"""The records of a gallery and the nearest of each: exact below the size of an approximate index, through it above.

N = records, D = width of the vectors, K = neighbours, E = pairs.
"""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from reseen.blas import one_blas_thread
from reseen.metrics.array_types import Float32, Int64
from reseen.metrics.kernels.threads import RowThreads
from reseen.metrics.postprocess.neighbours import nearest_among
from reseen.retrieval.candidates import candidates
from reseen.retrieval.indexes import IndexFacts
from reseen.retrieval.store import Store, rows_of

_COLUMNS = ["id", "vector", "identity", "camera", "time", "picture", "box"]
_QUERIES = 256


class Records(NamedTuple):
    """The N records: ``vectors`` (N, D); ``row_ids`` (N,), LanceDB's numbers of the rows.

    ``identity`` (N,) is the place in ``names``, -1 for none. ``image`` (N,) numbers the images that several boxes were
    cut from, -1 for all others: two boxes of one image are two individuals.
    """

    ids: pa.Array
    vectors: Float32
    identity: Int64
    names: list[str]
    camera: pa.Array
    time: pa.Array
    image: Int64
    row_ids: Int64


class NearRecords(NamedTuple):
    """``rows`` (N, K), nearest first and without the record itself, and their ``similarity`` (N, K)."""

    rows: Int64
    similarity: Float32

    def pairs(self) -> tuple[Int64, Int64, Float32]:
        """(E,) first < second of every pair that either side lists, once, with their similarities."""
        first = np.repeat(np.arange(len(self.rows)), self.rows.shape[1])
        second, similarity = self.rows.reshape(-1), self.similarity.reshape(-1)
        there = second >= 0
        low, high = np.minimum(first, second)[there], np.maximum(first, second)[there]
        _, once = np.unique(low * len(self.rows) + high, return_index=True)
        return low[once], high[once], similarity[there][once]


def read_records(table: Any) -> Records:
    """All records of a snapshot of the table."""
    count, width = int(table.count_rows()), table.schema.field("vector").type.list_size
    vectors = np.empty((count, width), dtype=np.float32)
    blocks, filled = [], 0
    for block in rows_of(table, None, columns=_COLUMNS, row_ids=True):
        flat = block["vector"].flatten().to_numpy(zero_copy_only=False)
        vectors[filled : filled + block.num_rows] = flat.reshape(block.num_rows, width)
        filled += block.num_rows
        blocks.append(block.drop_columns(["vector"]))
    rest = pa.Table.from_batches(blocks) if blocks else table.schema.empty_table()
    columns = {name: rest[name].combine_chunks() for name in ("id", "identity", "camera", "time")}
    numbers = rest["_rowid"].to_numpy().astype(np.int64) if blocks else np.empty(0, dtype=np.int64)
    coded = columns["identity"].dictionary_encode()
    identity = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    names = coded.dictionary.to_pylist()
    return Records(columns["id"], vectors, identity, names, columns["camera"], columns["time"], _images(rest), numbers)


def near_records(table: Any, records: Records, *, count: int, facts: IndexFacts | None) -> NearRecords:
    """The ``count`` nearest of each record; through the index where ``facts`` says what it finds."""
    count = min(count, len(records.vectors) - 1)
    if facts is not None:
        return _through_index(table, records, count=count, facts=facts)
    with RowThreads() as threads, one_blas_thread():
        found = nearest_among(records.vectors, count=count + 1, threads=threads)
    return NearRecords(found.rows[:, 1:].astype(np.int64), np.clip(found.similarity[:, 1:], -1, 1))


def index_facts(store: Store) -> IndexFacts | None:
    """What the approximate index was measured to find; None where there is none, and every record is compared."""
    return store.plan().facts


def _through_index(table: Any, records: Records, *, count: int, facts: IndexFacts) -> NearRecords:
    rows = np.full((len(records.vectors), count), -1, dtype=np.int64)
    similarity = np.full(rows.shape, -1, dtype=np.float32)
    order = np.argsort(records.row_ids)
    for start in range(0, len(rows), _QUERIES):
        queries = records.vectors[start : start + _QUERIES]
        search = candidates(table, queries, probes=facts.probes, refine=facts.refine, where=None).limit(count + 1)
        found = search.select(["_distance"]).with_row_id(with_row_id=True).to_arrow()
        numbers = found["_rowid"].to_numpy().astype(np.int64)
        places = order[np.searchsorted(records.row_ids, numbers, sorter=order)]
        numbered = "query_index" in found.column_names  # one query alone is not
        query = (found["query_index"].to_numpy().astype(np.int64) if numbered else np.zeros_like(numbers)) + start
        _fill(rows, similarity, (query, places, 1 - found["_distance"].to_numpy() / 2))
    return NearRecords(rows, np.clip(similarity, -1, 1))


def _fill(rows: Int64, similarity: Float32, found: tuple[Any, Any, Any]) -> None:
    """Put what was found of each query into its row, nearest first, without the query itself."""
    query, place, near = found
    others = query != place
    query, place, near = query[others], place[others], near[others]
    order = np.lexsort((-near, query))
    query, place, near = query[order], place[order], near[order]
    rank = np.arange(len(query)) - np.searchsorted(query, query, side="left")
    kept = rank < rows.shape[1]
    rows[query[kept], rank[kept]] = place[kept]
    similarity[query[kept], rank[kept]] = near[kept]


def _images(rest: pa.Table) -> Int64:
    """(N,) a number for each named image that several boxes were cut from; -1 for all others."""
    boxed = rest["box"].combine_chunks().is_valid()
    name = rest["picture"].combine_chunks().dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False)
    image = np.where(boxed.to_numpy(zero_copy_only=False), name.astype(np.int64), -1)
    count = np.bincount(image[image >= 0], minlength=1)
    return np.where((image >= 0) & (count[np.maximum(image, 0)] > 1), image, -1).astype(np.int64)
