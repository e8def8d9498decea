"""The table of a gallery in LanceDB: opened, read again when a version vanishes under a reader, rewritten whole.

Every write is one commit of LanceDB's: a new version that readers see whole or not at all.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import sleep
from typing import Any, TypeVar
from urllib.parse import urlsplit

import lancedb
import pyarrow as pa
import pyarrow.compute as pc
from lancedb.expr import Expr

from reseen.errors import ReseenError
from reseen.retrieval.lock import one_writer
from reseen.retrieval.schema import Model, model_of, schema_of

TABLE = "records"
ROWS_AT_ONCE = 4096
_ATTEMPTS = 10
_TRIFLE = timedelta(milliseconds=1)
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
        with self.errors():
            self.table = self._open(options, create)
        model = model_of(self.table.schema)
        if model is None:
            raise ReseenError(f"{self.uri}: its table '{TABLE}' was not made by a gallery of reseen")
        self.model = model

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

    def rewrite_without(self, ids: pa.Array) -> None:
        """One new version of files that never held these records; then every older file is removed."""
        schema = self.table.schema
        batches = self.table.search().to_batches(ROWS_AT_ONCE)
        kept = (batch.filter(pc.invert(pc.is_in(batch["id"], ids))).select(schema.names) for batch in batches)
        self.table.add(pa.RecordBatchReader.from_batches(schema, kept), mode="overwrite")
        self.tidy()

    def tidy(self) -> None:
        """Merge small files, bring the index up to date, remove the files of older versions and of killed writers."""
        sleep(2 * _TRIFLE.total_seconds())  # versions younger than a trifle would stay
        self.table.optimize(cleanup_older_than=_TRIFLE, delete_unverified=self.folder is not None)

    def _open(self, options: dict[str, str], create: Model | None) -> Any:
        if self.folder is not None and create is not None:
            _make(self.folder)
        if self.folder is not None and not self.folder.is_dir():
            raise _missing(self.uri)
        base = lancedb.connect(self.uri, read_consistency_interval=timedelta(0), storage_options=options)
        try:
            return base.open_table(TABLE)
        except ValueError as error:
            if "was not found" not in str(error):
                raise
        if create is None:
            raise _missing(self.uri)
        with one_writer(self.folder, patience=self.patience):
            return base.create_table(TABLE, schema=schema_of(create), exist_ok=True)


def local_folder(uri: str) -> Path | None:
    """The folder that a URI means on this machine; None for an object store."""
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return Path(parts.path)
    return Path(uri) if len(parts.scheme) <= 1 else None


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReseenError(f"{folder}: the gallery cannot be made: {error.strerror}") from None


def _missing(uri: str) -> ReseenError:
    return ReseenError(f"{uri}: no gallery there; `reseen gallery add` makes one")


def _vanished(error: Exception) -> bool:
    return isinstance(error, Rewritten) or "not found" in str(error).lower()


def _in_one_line(error: Exception) -> str:
    """The engine's words, without the places in its own sources."""
    text = _SOURCES.sub("", " ".join(str(error).split()))
    if any(sign in text for sign in _NO_ROOM):
        return "there is no room for it on the disk; what was there before is untouched"
    if _vanished(error):
        return f"the gallery is damaged or half-written, a file of it is missing: {text[:_LENGTH]}"
    return text[:_LENGTH]
