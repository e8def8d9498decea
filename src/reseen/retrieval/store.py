"""The table of a gallery in LanceDB: opened, read again when a version vanishes under a reader, rewritten whole.

Every write is one commit of LanceDB's: a new version that readers see whole or not at all.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import sleep, time
from typing import Any, TypeVar

import lancedb
import pyarrow as pa
from lancedb.expr import Expr

from reseen.errors import ReseenError
from reseen.retrieval.filters import one_of
from reseen.retrieval.lock import one_writer
from reseen.retrieval.schema import Model, model_of, schema_of
from reseen.retrieval.versions import (
    STILL_HELD,
    date_back,
    files_of,
    remove_older,
    row_of_each_file,
    wait_for_clock,
    write_anew,
)

TABLE = "records"
ROWS_AT_ONCE = 4096
CLOCKS_APART = 2.0
"""Seconds that the clocks of an object store and of this machine may be apart: by theirs and ours LanceDB cleans."""
_ATTEMPTS = 10
_ENGINE_ERRORS = (RuntimeError, OSError, ValueError)
_SOURCES = re.compile(r",? /\S+\.rs:\d+:\d+")
_NO_ROOM = ("No space left on device", "File too large", "Disk quota exceeded")
_LENGTH = 300

Result = TypeVar("Result")


class Rewritten(RuntimeError):  # noqa: N818 - not an error: the next look succeeds
    """A writer has replaced, between two looks, the version that was being read."""


class Store:
    """One gallery's table. ``table`` is LanceDB's own handle, which sees each new version at its next read."""

    def __init__(self, uri: str | Path, *, options: dict[str, str], create: Model | None, patience: float) -> None:
        self.uri, self.patience = str(uri), patience
        self.folder = local_folder(self.uri)
        self._files = None if self.folder is None else self.folder / f"{TABLE}.lance"
        with self.errors():
            self._base, self.table = self._open(options, create)
        model = model_of(self.table.schema, name=self.uri)
        if model is None:
            raise ReseenError(f"{self.uri}: its table '{TABLE}' was not made by a gallery of reseen")
        self.model = model
        self._cameras: tuple[int, tuple[str, ...]] = (-1, ())

    @property
    def schema(self) -> pa.Schema:
        """The columns as they are now."""
        return self.read(lambda table: table.schema)

    def read(self, work: Callable[[Any], Result]) -> Result:
        """``work`` on the table; once more where a writer has cleaned away the version that was being read."""
        with self.errors():
            for _ in range(_ATTEMPTS - 1):
                try:
                    return work(self.table)
                except _ENGINE_ERRORS as error:
                    if not _vanished(error):
                        raise
                    sleep(0.05)
            return work(self.table)

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """The table, while nobody else writes to it; on an object store nobody is kept out."""
        with one_writer(self.folder, patience=self.patience), self.errors():
            yield self.table

    @contextmanager
    def errors(self) -> Iterator[None]:
        """LanceDB's errors in one line of ours."""
        try:
            yield
        except _ENGINE_ERRORS as error:
            raise ReseenError(f"{self.uri}: {_in_one_line(error)}") from None

    def rows(self, where: Expr | None, *, columns: list[str], row_ids: bool = False) -> Iterator[pa.RecordBatch]:
        """Every record that fits, ``ROWS_AT_ONCE`` at a time."""
        query = self.table.search().select(columns).with_row_id(row_ids)
        return iter((query if where is None else query.where(where)).to_batches(ROWS_AT_ONCE))

    def column(self, name: str, where: Expr | None = None) -> pa.ChunkedArray:
        """A column of words, of every record that fits."""
        return pa.chunked_array([block[name] for block in self.rows(where, columns=[name])], pa.string())

    def cameras(self) -> tuple[str, ...]:
        """The cameras that records name, sorted; read again when the table has changed."""
        version = self.read(lambda table: table.version)
        if self._cameras[0] != version:
            named = self.read(lambda _: self.column("camera"))
            self._cameras = (version, tuple(sorted(named.unique().drop_null().to_pylist())))
        return self._cameras[1]

    def fetch(self, ids: Sequence[str], column: str) -> dict[str, Any]:
        """Id -> what the record has in the column. ReseenError for an id that is not there."""
        wanted = one_of("id", sorted(set(ids)))
        blocks = self.read(lambda _: list(self.rows(wanted, columns=["id", column])))
        rows = {row["id"]: row[column] for block in blocks for row in block.to_pylist()}
        missing = [wanted for wanted in ids if wanted not in rows]
        if missing:
            raise ReseenError(f"{self.uri}: no record with the id '{missing[0]}'")
        return rows

    def rewrite_without(self, gone: Expr) -> None:
        """New files that never held the records that are ``gone``, and no older ones.

        Raises ReseenError where an older file is left.
        """
        if self._files is None:
            self._rewrite_objects(gone)
            return
        date_back(self._files, before=time())
        before = files_of(self._files)
        write_anew(self.table, gone, pause=0)
        self.tidy()
        now = files_of(self._files)
        if left := sorted({now[key] for key in now.keys() & before.keys()}):
            raise ReseenError(
                f"{STILL_HELD}: {len(left)} could not be removed, the first is {left[0]}; remove them, and do the same "
                "again"
            )

    def _rewrite_objects(self, gone: Expr) -> None:
        """Files of an object store cannot be listed; whether they are there shows in reading the version they made."""
        before = self._base.open_table(TABLE)
        before.checkout(before.version)
        rows = row_of_each_file(before)
        clean = write_anew(self.table, gone, pause=CLOCKS_APART)
        self.tidy()
        wait_for_clock(self.table, clean=clean, patience=self.patience)
        if left := sum(_readable(before, row) for row in rows):
            raise ReseenError(
                f"{STILL_HELD}: {left} are left in the store, whose clock is more than {CLOCKS_APART:g} s ahead of "
                "this machine's; remove them, or `compact` in a week"
            )

    def tidy(self) -> None:
        """Merge small files, bring the index up to date, remove the files of older versions and of killed writers."""
        remove_older(self.table, self._files)

    def _open(self, options: dict[str, str], create: Model | None) -> tuple[Any, Any]:
        if self.folder is not None and create is not None:
            _make(self.folder)
        if self.folder is not None and not self.folder.is_dir():
            raise _missing(self.uri)
        place = self.uri if self.folder is None else str(self.folder.absolute())  # whole, or "a:b" means a protocol
        base = lancedb.connect(place, read_consistency_interval=timedelta(0), storage_options=options)
        try:
            return base, base.open_table(TABLE)
        except ValueError as error:
            if "was not found" not in str(error):
                raise
        if create is None:
            raise _missing(self.uri)
        with one_writer(self.folder, patience=self.patience):
            return base, base.create_table(TABLE, schema=schema_of(create), exist_ok=True)


def local_folder(uri: str) -> Path | None:
    """The folder that a URI means on this machine, every character as it stands; None for an object store."""
    name = uri.removeprefix("file://")
    return None if "://" in name else Path(name)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReseenError(f"{folder}: the gallery cannot be made: {error.strerror}") from None


def _missing(uri: str) -> ReseenError:
    return ReseenError(f"{uri}: no gallery there; `reseen gallery add` makes one")


def _vanished(error: Exception) -> bool:
    return isinstance(error, Rewritten) or "not found" in str(error).lower()


def _readable(table: Any, row: int) -> bool:
    """Whether the file that holds this row is still there."""
    try:
        table.take_row_ids([row]).select(["vector"]).to_arrow()
    except _ENGINE_ERRORS as error:
        if not _vanished(error):
            raise
        return False
    return True


def _in_one_line(error: Exception) -> str:
    """The engine's words, without the places in its own sources."""
    text = _SOURCES.sub("", " ".join(str(error).split()))
    if any(sign in text for sign in _NO_ROOM):
        return "there is no room for it on the disk; what was there before is untouched"
    if _vanished(error):
        return f"the gallery is damaged or half-written, a file of it is missing: {text[:_LENGTH]}"
    return text[:_LENGTH]
