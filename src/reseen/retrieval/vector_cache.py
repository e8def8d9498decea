"""A small gallery's vectors in memory between searches, for as long as its version is the newest.

A search of a few thousand records costs LanceDB ten times what the comparison costs. N = records, Q = queries, D =
width.
"""

import math
from collections.abc import Sequence
from threading import Lock
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from lancedb.expr import Expr
from numpy.typing import NDArray

from reseen.blas import one_blas_thread
from reseen.retrieval.answers import Answer, clamped, cosine_distances
from reseen.retrieval.reader import Reader

CACHED_BYTES = 128 << 20
"""The most bytes of one gallery's vectors and columns that are kept, 60,000 records of 512 numbers; never more than the
index's cache may have."""

CACHED_FROM = 8
"""Queries of one version until its vectors are read into memory, which costs as much as a few searches."""

_CONDITIONS = 64
_MARGIN = 1e-5
"""Products of float32 err by less; what is within it of the last match is compared again in float64."""


class Best(NamedTuple):
    """``places`` (K,) of records, and the ``distances`` (K,) of the same: 1 - the cosine."""

    places: NDArray[np.int64]
    distances: NDArray[np.float32]


class CachedRecords:
    """All records of one version: vectors (N, D), the columns that answers show, and LanceDB's row numbers (N,)."""

    def __init__(self, version: int, *, vectors: NDArray[np.float32], columns: pa.Table) -> None:
        self.version, self._vectors, self._columns = version, vectors, columns
        self._inverse = 1 / np.linalg.norm(vectors, axis=1)
        self._rows = columns["_rowid"].to_numpy().astype(np.int64)
        self._fitting: dict[str, NDArray[np.bool_]] = {}

    def fitting(self, store: Reader, where: Expr) -> NDArray[np.bool_] | None:
        """(N,): which records meet the condition; None if the table has a newer version."""
        condition = where.to_sql()
        kept = self._fitting.get(condition)
        if kept is None:
            blocks = store.read(lambda _: list(store.rows(where, columns=["id"], row_ids=True)))
            if store.read(lambda table: int(table.version)) != self.version:
                return None
            rows = np.concatenate([np.empty(0, np.int64), *(block["_rowid"].to_numpy() for block in blocks)])
            kept = np.isin(self._rows, rows.astype(np.int64))
            if len(self._fitting) >= _CONDITIONS:
                self._fitting = {}
            self._fitting[condition] = kept
        return kept

    def nearest(
        self, queries: NDArray[np.float32], *, k: int, fitting: NDArray[np.bool_] | None = None
    ) -> list[Answer]:
        """(Q, D) unit vectors -> each query's k most similar of the records that are ``fitting``, best first."""
        with one_blas_thread():  # BLAS's own threads stay awake and take the cores from those that decode images
            similar = (queries @ self._vectors.T) * self._inverse
        if fitting is not None:
            similar[:, ~fitting] = -np.inf
        count = min(k, similar.shape[1] if fitting is None else int(fitting.sum()))
        if count == 0:
            return [[] for _ in queries]
        return self._ranked([self._best(*pair, count=count) for pair in zip(queries, similar, strict=True)], count)

    def _best(self, query: NDArray[np.float32], similar: NDArray[np.float32], *, count: int) -> Best:
        """The places of the most similar records, more where the last are equal, and their distances."""
        last = np.partition(similar, len(similar) - count)[len(similar) - count]
        places = np.flatnonzero(similar >= last - _MARGIN)
        distances = cosine_distances(query, self._vectors, places)
        kept = distances <= np.partition(distances, count - 1)[count - 1]
        return Best(places[kept], distances[kept])

    def _ranked(self, found: Sequence[Best], count: int) -> list[Answer]:
        """The columns of all that was found, taken at once; of equal distances, the smaller id first."""
        rows = iter(self._columns.take(pa.array(np.concatenate([best.places for best in found]))).to_pylist())
        answers: list[Answer] = []
        for best in found:
            entries = [(clamped(1.0 - distance), next(rows)) for distance in best.distances.tolist()]
            answers.append(sorted(entries, key=lambda entry: (-entry[0], entry[1]["id"]))[:count])
        return answers


class VectorCache:
    """Keeps the newest version of a small gallery, once it has been searched a few times; safe to use from threads."""

    def __init__(self, *, most_bytes: int) -> None:
        self._most = most_bytes
        self._lock, self._reading = Lock(), Lock()
        self._kept: CachedRecords | None = None
        self._asked, self._queries = -1, 0
        self._too_many, self._clears = math.inf, 0

    def records(self, store: Reader, *, queries: int, columns: Sequence[str]) -> CachedRecords | None:
        """The records of the version that the store looks at; None where LanceDB is to be asked instead."""
        version = store.version
        with self._lock:
            if self._kept is not None and self._kept.version < version:
                self._kept = None  # at once, because it may hold what was forgotten
            if self._kept is not None:
                return self._kept if self._kept.version == version else None
            self._queries = queries + (self._queries if self._asked == version else 0)
            self._asked = version
            if self._queries < CACHED_FROM:
                return None
        return self._read(store, version, columns)

    @property
    def kept(self) -> CachedRecords | None:
        """What is in memory now."""
        return self._kept

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._kept, self._asked, self._too_many = None, -1, math.inf
            self._clears += 1

    def _read(self, store: Reader, version: int, columns: Sequence[str]) -> CachedRecords | None:
        """Read the records, unless they are too many, another thread does so now, or there is a newer version."""
        if not self._reading.acquire(blocking=False):
            return None
        try:
            clears, records = self._clears, store.records()
            if records >= self._too_many or records * store.model.width * 4 > self._most:
                return None
            read = store.read(lambda _: _records(store, version, columns=columns, most_bytes=self._most))
            newest = store.read(lambda table: int(table.version)) == version
            with self._lock:
                if newest and clears == self._clears:  # else it may hold what was forgotten meanwhile
                    self._kept = read
                    self._too_many = records if read is None else math.inf
            return read
        finally:
            self._reading.release()


def _records(store: Reader, version: int, *, columns: Sequence[str], most_bytes: int) -> CachedRecords | None:
    table = store.snapshot()
    if int(table.version) != version:
        return None
    query = table.search().select([*columns, "vector"]).with_row_id(with_row_id=True)
    found = query.to_arrow()
    if found.nbytes > most_bytes:
        return None
    vectors = np.empty((found.num_rows, store.model.width), dtype=np.float32)
    first = 0
    for chunk in found["vector"].chunks:
        vectors[first : first + len(chunk)] = chunk.flatten().to_numpy().reshape(len(chunk), -1)
        first += len(chunk)
    return CachedRecords(version, vectors=vectors, columns=found.drop_columns(["vector"]).combine_chunks())
