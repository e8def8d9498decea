"""Forgets records of a gallery in a folder by writing anew only the files that hold them, and looks that they are gone.

A file that loses some of its rows is written without them, and the indexes drop their entries. A file that loses all of
them is gone at once, and the indexes keep its entries until they are written anew.
"""

import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from lancedb.expr import Expr

from reseen.errors import ReseenError
from reseen.retrieval.engine_errors import ENGINE_ERRORS
from reseen.retrieval.indexes import VECTOR_INDEX, drop_column_indexes, index_columns
from reseen.retrieval.merging import drop_dead_rows, merge_segments, rows_of_files, segments, stale_segments
from reseen.retrieval.store import Store
from reseen.retrieval.versions import STILL_HELD, delete_all, manifest_of, remove_older

_FILES = "reseen.index_files"
"""A key of the column's metadata by which earlier versions noted the files of the index."""


def forget_rows(store: Store, gone: Expr) -> None:
    """Remove the rows that are ``gone``, every byte of them and of rows deleted before, from the table's files.

    Raises ReseenError if an older file is left.
    """
    table, folder = store.table, store.files
    if folder is None:
        store.rewrite_without(gone)
        return
    delete_all(table, gone)
    drop_dead_rows(table)
    _drop_lost_files(table, folder)
    _end_deletion(table)
    remove_older(table, folder)
    _refuse_left_files(folder, table)
    if store.plan().facts is not None:
        index_columns(table, cameras=len(store.cameras()))


def _drop_lost_files(table: Any, folder: Path) -> None:
    """Remove the entries of files that are gone as a whole from the indexes, or the index where that fails."""
    there = rows_of_files(table).keys()
    if any(segment.files - there for segment in segments(table) if segment.name != VECTOR_INDEX):
        drop_column_indexes(table)
    stale = stale_segments(table, folder)
    if any(stale):
        with suppress(*ENGINE_ERRORS):  # one that is damaged goes as a whole
            merge_segments(table, count=len(stale) - stale.index(True))
        if any(stale_segments(table, folder)):
            table.drop_index(VECTOR_INDEX)


def _end_deletion(table: Any) -> None:
    """Make a new version: that of a deletion holds the condition of what was deleted."""
    table.update_field_metadata({"path": "vector", "metadata": {_FILES: None}})


def _refuse_left_files(folder: Path, table: Any) -> None:
    if left := sorted(_left_files(folder, manifest_of(folder, int(table.version)))):
        raise ReseenError(
            f"{STILL_HELD}: {len(left)} could not be removed, the first is {left[0]}; remove them, and try again"
        )


def _left_files(folder: Path, manifest: bytes) -> Iterator[Path]:
    """Files that the newest manifest does not name, of rows, transactions or indexes; no list of dead rows may be left.

    A network file system keeps a removed file that is being read under another name.
    """
    for places in ("data/*", "_transactions/*"):
        yield from (path for path in folder.glob(places) if path.name.encode() not in manifest)
    yield from folder.glob("_versions/.nfs*")
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
