"""Older versions of a gallery's table and the files that only they need: removed, and looked for afterwards.

LanceDB's own cleaning goes by the clock: it keeps versions that are dated in the future, and files that are newer than
the oldest version that it keeps.
"""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep, time
from typing import Any

from lancedb.expr import Expr

from reseen.errors import ReseenError

_TRIFLE = timedelta(milliseconds=1)
_NEWEST = 2**64 - 1
"""A manifest is called by this number less its version's, so that the newest comes first."""

_HINT = "latest_version_hint.json"
_ATTEMPTS = 10

STILL_HELD = "no answer holds the records any more, but older files may"


def committed(table: Any, write: Callable[[], Any]) -> list[Any]:
    """The results of a write that may be repeated: it is, until its version is the newest.

    Where another process removes versions meanwhile, of an object store, LanceDB may commit as one of those, older than
    the newest, which nobody ever reads.
    """
    results = []
    for _ in range(_ATTEMPTS):
        results.append(write())
        if results[-1].version >= table.version:
            return results
    raise ReseenError("other processes write all the time; try again")


def delete_all(table: Any, gone: Expr) -> None:
    """Delete the records that fit, also those that another process moves meanwhile: LanceDB would say nothing."""
    for _ in range(_ATTEMPTS):
        table.delete(gone)
        if not _any(table, gone):
            return
    raise ReseenError("another process keeps adding or moving the records that are to be deleted; try again")


def write_anew(table: Any, gone: Expr, *, pause: float) -> int:
    """Move every record but those ``gone`` to new files; the version from which on no older file is needed.

    What others commit meanwhile stays: each step is put on top of it, where an overwritten table would lose it. Between
    the older files and the version lie ``pause`` seconds.
    """
    for _ in range(_ATTEMPTS):
        delete_all(table, gone)
        sleep(pause)
        committed(table, lambda: table.update(values_sql={"id": "id"}))  # a row that is updated moves
        for index in table.list_indices():  # it holds vectors
            table.drop_index(index.name)
        if not _any(table, gone):
            return int(table.version)
    raise ReseenError("another process keeps adding the records that are to be forgotten; try again")


def remove_older(table: Any, folder: Path | None) -> None:
    """Merge small files, bring the index up to date, remove what only older versions and killed writers need.

    ``folder``: the table's own, where nobody else writes. None: an object store, where what a killed writer left stays
    for seven days, because another writer may be at it.
    """
    if folder is None:
        _clean(table, unverified=False)
        return
    date_back(folder, before=max(_times(table, since=table.version)))
    _clean(table, unverified=True)
    if ahead := list(_older_manifests(folder, table.version)):
        for manifest in ahead:
            manifest.unlink()
        _clean(table, unverified=True)  # what no manifest names goes


def wait_for_clock(table: Any, *, clean: int, patience: float) -> None:
    """On an object store: remove the versions before ``clean`` that a clock ahead of ours has dated in the future.

    Raises ReseenError where that takes longer than ``patience`` seconds.
    """
    if times := _times(table, until=clean):
        sleep(min(max(max(times) - time(), 0.0), patience))
        _clean(table, unverified=False)
    if times := _times(table, until=clean):
        raise ReseenError(
            f"{STILL_HELD}: of versions that a clock that was ahead has dated in the future; do the same again "
            f"after {datetime.fromtimestamp(max(times), UTC):%Y-%m-%d %H:%M:%S} UTC"
        )


def files_of(folder: Path) -> dict[object, Path]:
    """Every file of the table but the hint at its newest version, by path, and by inode and time.

    So one is found again that a network file system keeps under another name, because somebody reads it.
    """
    found: dict[object, Path] = {}
    for path in folder.rglob("*"):
        if path.name != _HINT and path.is_file():
            facts = path.stat()
            found[path] = found[facts.st_ino, facts.st_mtime_ns] = path
    return found


def date_back(folder: Path, *, before: float) -> None:
    """Let no file be newer than this, whatever the clock said when it was written: in seconds of the epoch."""
    for path in folder.rglob("*"):
        if path.suffix not in {".manifest", ".json"} and path.is_file() and path.stat().st_mtime >= before:
            os.utime(path, (before - 1, before - 1))


def row_of_each_file(table: Any) -> list[int]:
    """The number of one record of each file, whose upper 32 bits are the file's."""
    rows: dict[int, int] = {}
    for block in table.search().select(["id"]).with_row_id(with_row_id=True).to_batches():
        numbers = block["_rowid"].to_numpy()
        rows.update(zip((numbers >> 32).tolist(), numbers.tolist(), strict=True))
    return list(rows.values())


def _any(table: Any, where: Expr) -> bool:
    return bool(table.search().where(where).select(["id"]).limit(1).to_arrow().num_rows)


def _clean(table: Any, *, unverified: bool) -> None:
    sleep(2 * _TRIFLE.total_seconds())  # versions younger than a trifle would stay
    table.optimize(cleanup_older_than=_TRIFLE, delete_unverified=unverified)


def _times(table: Any, *, since: int = 0, until: int = _NEWEST) -> list[float]:
    """When the versions from ``since`` on, before ``until``, were written, in seconds of the epoch."""
    return [entry["timestamp"].timestamp() for entry in table.list_versions() if since <= entry["version"] < until]


def _older_manifests(folder: Path, version: int) -> Iterator[Path]:
    """The manifests of all versions but this one; none where this one's is not found, for then names have changed."""
    manifests = list((folder / "_versions").glob("*.manifest"))
    current = {f"{_NEWEST - version:020d}", str(version)}
    older = [path for path in manifests if path.stem not in current]
    return iter(older if len(older) == len(manifests) - 1 else [])
