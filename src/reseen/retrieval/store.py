"""The LanceDB table of a gallery: opening it, retrying reads whose version has vanished, rewriting it.

Every write is one commit of LanceDB: a new version that readers see completely or not at all.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import local
from time import sleep
from typing import Any, TypeVar

import lancedb
import pyarrow as pa
from lancedb.expr import Expr

from reseen.errors import ReseenError
from reseen.retrieval.caches import CacheSizes, bytes_of_indexes, cache_sizes, shortage
from reseen.retrieval.engine_errors import ENGINE_ERRORS, Rewritten, in_one_line, vanished
from reseen.retrieval.filters import one_of
from reseen.retrieval.fitting import FittingRows
from reseen.retrieval.indexes import SearchPlan, plan_of
from reseen.retrieval.merging import merge_small, needs_lancedb, take_up
from reseen.retrieval.opening import TABLE, local_folder, open_table
from reseen.retrieval.schema import GalleryModel, model_of
from reseen.retrieval.vector_cache import CACHED_BYTES, VectorCache
from reseen.retrieval.versions import (
    STILL_HELD,
    remove_older,
    row_of_each_file,
    wait_for_clock,
    write_anew,
)
from reseen.retrieval.writer_lock import writer_lock

__all__ = [
    "CLOCKS_APART",
    "ENGINE_ERRORS",
    "ROWS_AT_ONCE",
    "TABLE",
    "Rewritten",
    "Store",
    "local_folder",
    "rows_of",
    "writer_lock",
]

ROWS_AT_ONCE = 4096
CLOCKS_APART = 2.0
"""Seconds that the clocks of an object store and this machine may differ by; LanceDB cleans by both."""
_WORTH_IT = 1.25
"""A cache that still does not hold the index must be so many times larger: the old one's contents are read again."""
_ATTEMPTS = 10
_COUNTS = 256
_BUILDING = 3600.0
"""Seconds to wait for another process that builds an index."""

Result = TypeVar("Result")


class Store:
    """The table of one gallery. ``table`` is LanceDB's handle, which sees a new version at its next read."""

    def __init__(
        self,
        uri: str | Path,
        *,
        options: dict[str, str],
        create: GalleryModel | None,
        patience: float,
        caches: CacheSizes | None = None,
    ) -> None:
        self.uri, self.options, self.patience = str(uri), options, patience
        self.folder = local_folder(self.uri)
        self.files = None if self.folder is None else self.folder / f"{TABLE}.lance"
        self._caches_are_given = caches is not None
        self.caches = caches or cache_sizes(bytes_of_indexes(self.files))
        self.fitting = FittingRows()
        self.cached = VectorCache(most_bytes=min(CACHED_BYTES, self.caches.index_bytes))
        self._open(self.caches, create)
        model = model_of(self.table.schema, name=self.uri)
        if model is None:
            raise ReseenError(f"{self.uri}: its table '{TABLE}' was not made by a gallery of reseen")
        self.model = model
        self._cameras: tuple[int, tuple[str, ...]] = (-1, ())
        self._counts: dict[str, tuple[int, int]] = {}
        self._plan: tuple[int, SearchPlan | None] = (-1, None)
        self._schema: tuple[int, pa.Schema | None] = (-1, None)
        self._records: tuple[int, int] = (-1, 0)
        self._look = local()
        self.index_problem = ""

    def _open(self, caches: CacheSizes, create: GalleryModel | None = None) -> None:
        session = lancedb.Session(*caches)
        with self.errors():
            self._base, self.table = open_table(
                self.uri, options=self.options, create=create, patience=self.patience, session=session
            )
        self.caches = caches

    def follow_index(self) -> None:
        """Open the table anew with a larger cache where its index has outgrown the default; who reads now, reads on.

        An object store keeps the cache it was opened with.
        """
        size = bytes_of_indexes(self.files)
        if self._caches_are_given or not shortage(self.caches, size):
            return
        caches = cache_sizes(size)
        if caches.index_bytes >= _WORTH_IT * self.caches.index_bytes or not shortage(caches, size):
            self._open(caches)

    def cache_note(self) -> str:
        """What a user should know where the cache does not hold the index of the vectors, one line; else ""."""
        return shortage(self.caches, self.plan().index_bytes)

    @property
    def schema(self) -> pa.Schema:
        """The current columns."""
        version = self.version
        if self._schema[0] != version or self._schema[1] is None:
            self._schema = (version, self.read(lambda table: table.schema))
        assert self._schema[1] is not None
        return self._schema[1]

    @contextmanager
    def one_look(self) -> Iterator[None]:
        """Inside the block, this thread takes columns, cameras and plan from one version, and asks for it once.

        Each question goes to LanceDB's own thread and to the file system. Vectors in memory are
        of that version too, LanceDB's of the newest.
        """
        self._look.version = self.read(lambda table: int(table.version))
        try:
            yield
        finally:
            self._look.version = None

    @property
    def version(self) -> int:
        """The newest version, or the one that this thread looks at."""
        seen: int | None = getattr(self._look, "version", None)
        return self.read(lambda table: int(table.version)) if seen is None else seen

    def read(self, work: Callable[[Any], Result]) -> Result:
        """Call ``work`` with the table; again if another process has removed the version that was being read."""
        with self.errors():
            for _ in range(_ATTEMPTS - 1):
                try:
                    return work(self.table)
                except ENGINE_ERRORS as error:
                    if not vanished(error):
                        raise
                    sleep(0.05)
            return work(self.table)

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """The table under the writer's lock; an object store has none."""
        with writer_lock(self.folder, patience=self.patience), self.errors():
            yield self.table

    @contextmanager
    def building(self) -> Iterator[None]:
        """Keep other processes from building an index, from compacting and from forgetting; they wait. Writers do not.

        An object store has no such lock.
        """
        with writer_lock(self.folder, patience=_BUILDING, name="index.lock"), self.errors():
            yield

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn LanceDB's errors into a ReseenError of one line."""
        try:
            yield
        except ENGINE_ERRORS as error:
            raise ReseenError(f"{self.uri}: {in_one_line(error)}") from None

    def rows(self, where: Expr | None, *, columns: list[str], row_ids: bool = False) -> Iterator[pa.RecordBatch]:
        """All records that meet the condition, ``ROWS_AT_ONCE`` at a time."""
        return rows_of(self.table, where, columns=columns, row_ids=row_ids)

    def snapshot(self) -> Any:
        """The newest version as a table of its own, which later commits do not change."""
        table = self._base.open_table(TABLE)
        table.checkout(table.version)
        return table

    def column(self, name: str, where: Expr | None = None) -> pa.ChunkedArray:
        """A column of strings, of all records that meet the condition."""
        return pa.chunked_array([block[name] for block in self.rows(where, columns=[name])], pa.string())

    def cameras(self) -> tuple[str, ...]:
        """The cameras of all records, sorted; read again when the table has changed."""
        version = self.version
        if self._cameras[0] != version:
            named = self.read(lambda _: self.column("camera"))
            self._cameras = (version, tuple(sorted(named.unique().drop_null().to_pylist())))
        return self._cameras[1]

    def plan(self) -> SearchPlan:
        """How the table is to be searched; read again when the table has changed."""
        version = self.version
        if self._plan[0] != version or self._plan[1] is None:
            self._plan = (version, self.read(plan_of))
            self.index_problem = ""
        assert self._plan[1] is not None
        return self._plan[1]

    def records(self) -> int:
        """The number of all records; counted again when the table has changed."""
        version = self.version
        if self._records[0] != version:
            self._records = (version, self.read(lambda table: int(table.count_rows())))
        return self._records[1]

    def count(self, where: Expr) -> int:
        """How many records meet the condition; kept for a few conditions until the table changes."""
        condition, version = where.to_sql(), self.version
        counted = self._counts.get(condition)
        if counted is None or counted[0] != version:
            if len(self._counts) >= _COUNTS:
                self._counts = {}
            counted = self._counts[condition] = (version, self.read(lambda table: int(table.count_rows(condition))))
        return counted[1]

    def fetch(self, ids: Sequence[str], column: str) -> dict[str, Any]:
        """Id -> the record's value in the column. Raises ReseenError for an unknown id."""
        condition = one_of("id", sorted(set(ids)))
        blocks = self.read(lambda _: list(self.rows(condition, columns=["id", column])))
        rows = {row["id"]: row[column] for block in blocks for row in block.to_pylist()}
        missing = [id_ for id_ in ids if id_ not in rows]
        if missing:
            raise ReseenError(f"{self.uri}: no record with the id '{missing[0]}'")
        return rows

    def rewrite_without(self, gone: Expr) -> None:
        """Move all records of an object store but those that are ``gone`` to new files, and remove every older file.

        The files cannot be listed: reading the old version shows what is left. Raises ReseenError if an older file is.
        """
        before = self._base.open_table(TABLE)
        before.checkout(before.version)
        rows = row_of_each_file(before)
        clean = write_anew(self.table, gone, pause=CLOCKS_APART)
        self.tidy()
        wait_for_clock(self.table, clean=clean, patience=self.patience)
        if left := sum(_readable(before, row) for row in rows):
            raise ReseenError(
                f"{STILL_HELD}: {left} files are left in the store, whose clock is more than {CLOCKS_APART:g} s ahead "
                "of this machine's; remove them, or `compact` in a week"
            )

    def tidy(self) -> None:
        """Merge small files, bring the indexes up to date, and remove files of older versions and killed writers."""
        if not needs_lancedb(self.table):
            merge_small(self.table)
            take_up(self.table)
        remove_older(self.table, self.files)


def rows_of(table: Any, where: Expr | None, *, columns: list[str], row_ids: bool) -> Iterator[pa.RecordBatch]:
    """The records of a table that meet the condition, ``ROWS_AT_ONCE`` at a time."""
    query = table.search().select(columns).with_row_id(row_ids)
    return iter((query if where is None else query.where(where)).to_batches(ROWS_AT_ONCE))


def _readable(table: Any, row: int) -> bool:
    """Whether the file of this row is still there."""
    try:
        table.take_row_ids([row]).select(["vector"]).to_arrow()
    except ENGINE_ERRORS as error:
        if not vanished(error):
            raise
        return False
    return True
