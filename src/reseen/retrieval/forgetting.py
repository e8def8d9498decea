"""Forgets records of a gallery in a folder by writing anew only the files that hold them, and looks that they are gone.

LanceDB writes a file anew, and drops its dead rows from the indexes, once a tenth of its rows are dead. So a tenth of
the rows of every file that must go is moved away first.
"""

import math
import uuid
from collections.abc import Iterator, Mapping
from functools import reduce
from operator import or_
from pathlib import Path
from time import time
from typing import Any, NamedTuple

import numpy as np
from lancedb.expr import Expr, col, lit
from numpy.typing import NDArray

from reseen.errors import ReseenError
from reseen.retrieval.indexes import (
    VECTOR_INDEX,
    covered_files,
    drop_column_indexes,
    index_columns,
    vector_index,
    write_covered_files,
)
from reseen.retrieval.store import Store
from reseen.retrieval.versions import STILL_HELD, committed, date_back, delete_all, manifest_of

REWRITE_ALL = 20_000
"""Up to this number of records, writing all of them anew is as fast."""

_DEAD = 0.12
"""The share of a file's rows that must be dead; LanceDB writes it anew from a tenth on."""


class Rows(NamedTuple):
    """The numbers of rows (N,), sorted; the upper 32 bits of a number are the file's, the lower the place in it."""

    numbers: NDArray[np.int64]

    @property
    def files(self) -> set[int]:
        """The files that hold the rows."""
        return set(np.unique(self.numbers >> 32).tolist())

    def of(self, file: int) -> NDArray[np.int64]:
        """The rows in one file."""
        low, high = np.searchsorted(self.numbers, [file << 32, (file + 1) << 32])
        return self.numbers[low:high]


def forget_rows(store: Store, gone: Expr) -> None:
    """Remove the rows that are ``gone``, every byte of them and of rows deleted before, from the table's files.

    Raises ReseenError if an older file is left.
    """
    table, folder = store.table, store.files
    if folder is None or table.count_rows() <= REWRITE_ALL:
        store.rewrite_without(gone)
        return
    dead = _rows(table, gone).files | _files_with_deletions(folder)
    lengths = _lengths(_rows(table, None))
    delete_all(table, gone)
    left = _rows(table, None)
    _move_a_tenth(table, left, files=dead & left.files, lengths=lengths)
    drop_column_indexes(table)
    if _index_holds_lost_files(table, left=_rows(table, None).files):
        table.drop_index(VECTOR_INDEX)
    date_back(folder, before=time())
    store.tidy()
    if dead & _rows(table, None).files:  # another process has moved rows meanwhile
        store.rewrite_without(gone)
    _refuse_left_files(folder, table)
    if store.plan().facts is not None:
        index_columns(table, cameras=len(store.cameras()))
    note_files(table)


def note_files(table: Any) -> None:
    """Write down which files the index covers."""
    write_covered_files(table, sorted(_rows(table, None).files))


def _rows(table: Any, where: Expr | None) -> Rows:
    """The numbers of all rows that meet the condition."""
    query = table.search().select(["model"]).with_row_id(with_row_id=True)
    query = query if where is None else query.where(where)
    numbers = [block["_rowid"].to_numpy().astype(np.int64) for block in query.to_batches(1 << 16)]
    return Rows(np.sort(np.concatenate([np.empty(0, dtype=np.int64), *numbers])))


def _lengths(rows: Rows) -> dict[int, int]:
    """The number of rows that each file was written with, as far as its last row is alive."""
    return {file: int(rows.of(file)[-1] & 0xFFFFFFFF) + 1 for file in rows.files}


def _files_with_deletions(folder: Path) -> set[int]:
    """Files of which LanceDB keeps dead rows; the name of a list of those begins with the file's number."""
    names = (path.name.split("-")[0] for path in (folder / "_deletions").glob("*-*"))
    return {int(name) for name in names if name.isdigit()}


def _move_a_tenth(table: Any, rows: Rows, *, files: set[int], lengths: Mapping[int, int]) -> None:
    """Move the first rows of each file to a new file, so many that LanceDB writes the rest anew too."""
    spans = []
    for file in sorted(files):
        alive, length = rows.of(file), lengths[file]
        moved = math.ceil(_DEAD * length) - (length - len(alive))
        if moved > 0:
            last = int(alive[min(moved, len(alive)) - 1])
            spans.append((col("_rowid") >= lit(file << 32)) & (col("_rowid") <= lit(last)))
    if spans:
        where = reduce(or_, spans).to_sql()
        committed(table, lambda: table.update(where=where, values_sql={"id": "id"}))


def _index_holds_lost_files(table: Any, *, left: set[int]) -> bool:
    """Whether the index may hold codes of a file that is gone as a whole, which LanceDB does not remove.

    It removes a segment of the index of which every file is gone; so each lost file must have taken one with it.
    """
    index, covered = vector_index(table), covered_files(table)
    if index is None:
        return False
    if covered is None:
        return True
    files, segments = covered
    return segments - int(index.num_segments or 0) != len({*files} - left)


def _refuse_left_files(folder: Path, table: Any) -> None:
    if left := sorted(_left_files(folder, manifest_of(folder, int(table.version)))):
        raise ReseenError(
            f"{STILL_HELD}: {len(left)} could not be removed, the first is {left[0]}; remove them, and try again"
        )


def _left_files(folder: Path, manifest: bytes) -> Iterator[Path]:
    """Files of rows or of an index that the newest manifest does not name; no list of dead rows may be left."""
    yield from (path for path in folder.glob("data/*") if path.name.encode() not in manifest)
    yield from folder.glob("_deletions/*")
    for path in folder.glob("_indices/*/*"):
        if not _is_named(path.parent.name, manifest):
            yield path


def _is_named(name: str, manifest: bytes) -> bool:
    """Whether the manifest names the index, which it does by the 16 bytes of its UUID."""
    try:
        return uuid.UUID(name).bytes in manifest
    except ValueError:
        return False
