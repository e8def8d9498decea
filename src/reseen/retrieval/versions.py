"""Removes older versions of a gallery's table with their files, and checks that they are gone.

Lance cleans by the clock: it keeps versions dated in the future, and files newer than the oldest version it keeps.
"""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep, time
from typing import Any

from lancedb.expr import Expr

from reseen.errors import ReseenError
from reseen.retrieval.merging import remove_versions

_TRIFLE = timedelta(milliseconds=1)
_NEWEST = 2**64 - 1
"""The name of a manifest is this number minus the version's, so that the newest comes first."""

_ATTEMPTS = 10
_UNFINISHED = ".tmp*"
"""Names of files that are being written; those of a killed writer are never removed by LanceDB."""

STILL_HELD = "no answer shows the records any more, but older files may hold them"


def committed(table: Any, write: Callable[[], Any]) -> list[Any]:
    """Repeat a write until its version is the newest; the results of all attempts.

    While another process removes versions from an object store, LanceDB may commit as one of the removed, which is
    older than the newest and never read.
    """
    results = []
    for _ in range(_ATTEMPTS):
        results.append(write())
        if results[-1].version >= table.version:
            return results
    raise ReseenError("other processes keep writing; try again")


def delete_all(table: Any, gone: Expr) -> None:
    """Delete the records that are ``gone``, also those that another process moves meanwhile, which LanceDB skips."""
    for _ in range(_ATTEMPTS):
        table.delete(gone)
        if not _any(table, gone):
            return
    raise ReseenError("another process keeps adding or moving the records to delete; try again")


def write_anew(table: Any, gone: Expr, *, pause: float) -> int:
    """Move all records but those ``gone`` to new files; returns the version from which on older files are not needed.

    Commits of other processes are kept, because each step builds on them; overwriting the table would lose them. The
    version is at least ``pause`` seconds later than the older files.
    """
    for _ in range(_ATTEMPTS):
        delete_all(table, gone)
        sleep(pause)
        committed(table, lambda: table.update(values_sql={"id": "id"}))  # an updated row moves to a new file
        for index in table.list_indices():  # an index holds vectors
            table.drop_index(index.name)
        if not _any(table, gone):
            return int(table.version)
    raise ReseenError("another process keeps adding the records to forget; try again")


def remove_older(table: Any, folder: Path | None) -> None:
    """Remove the files of older versions and killed writers.

    ``folder``: the table's, where no other process writes or builds an index. None means an object store, where files
    of a killed writer stay for seven days, because they may belong to a writer at work.
    """
    if folder is None:
        _clean(table, unverified=False)
        return
    for unfinished in folder.rglob(_UNFINISHED):
        unfinished.unlink(missing_ok=True)
    date_back(folder, before=max(_times(table, since=table.version)))
    _clean(table, unverified=True)
    if ahead := list(_older_manifests(folder, table.version)):
        for manifest in ahead:
            manifest.unlink()
        _clean(table, unverified=True)  # removes the files that no manifest names


def wait_for_clock(table: Any, *, clean: int, patience: float) -> None:
    """Remove an object store's versions before ``clean`` that a fast clock has dated in the future, once time has come.

    Raises ReseenError if that takes longer than ``patience`` seconds.
    """
    if times := _times(table, until=clean):
        sleep(min(max(max(times) - time(), 0.0), patience))
        _clean(table, unverified=False)
    if times := _times(table, until=clean):
        raise ReseenError(
            f"{STILL_HELD}: a clock that was ahead has dated their versions in the future; try again "
            f"after {datetime.fromtimestamp(max(times), UTC):%Y-%m-%d %H:%M:%S} UTC"
        )


def manifest_of(folder: Path, version: int) -> bytes:
    """The bytes of the manifest of this version, which names all its files."""
    names = (f"{_NEWEST - version:020d}", str(version))
    path = next(path for path in (folder / "_versions").glob("*.manifest") if path.stem in names)
    return path.read_bytes()


def date_back(folder: Path, *, before: float) -> None:
    """Date files back, so that none is newer than ``before``, in seconds of the epoch."""
    for path in folder.rglob("*"):
        if path.suffix not in {".manifest", ".json"} and path.is_file() and path.stat().st_mtime >= before:
            os.utime(path, (before - 1, before - 1))


def row_of_each_file(table: Any) -> list[int]:
    """The row id of one record of each file; its upper 32 bits are the file's number."""
    rows: dict[int, int] = {}
    for block in table.search().select(["id"]).with_row_id(with_row_id=True).to_batches():
        numbers = block["_rowid"].to_numpy()
        rows.update(zip((numbers >> 32).tolist(), numbers.tolist(), strict=True))
    return list(rows.values())


def _any(table: Any, where: Expr) -> bool:
    return bool(table.search().where(where).select(["id"]).limit(1).to_arrow().num_rows)


def _clean(table: Any, *, unverified: bool) -> None:
    sleep(2 * _TRIFLE.total_seconds())  # younger versions would stay
    remove_versions(table, older_than=_TRIFLE, unverified=unverified)


def _times(table: Any, *, since: int = 0, until: int = _NEWEST) -> list[float]:
    """The times at which the versions from ``since`` on, before ``until``, were written, in seconds of the epoch."""
    return [entry["timestamp"].timestamp() for entry in table.list_versions() if since <= entry["version"] < until]


def _older_manifests(folder: Path, version: int) -> Iterator[Path]:
    """The manifests of all versions but this one; none if its own is not found, because then the names have changed."""
    manifests = list((folder / "_versions").glob("*.manifest"))
    current = {f"{_NEWEST - version:020d}", str(version)}
    older = [path for path in manifests if path.stem not in current]
    return iter(older if len(older) == len(manifests) - 1 else [])
