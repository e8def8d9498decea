"""Merges the files of a gallery's table, brings its indexes up to date and removes older versions, by pylance.

LanceDB's `optimize` does the same without options: it merges up to a million rows into a file, all of which a forgotten
record then costs. So it is called only where pylance may not write. Functions take LanceDB's table, and in a folder the
writer's lock must be held.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from reseen.extras import extra
from reseen.retrieval.engine_errors import ENGINE_ERRORS
from reseen.retrieval.indexes import VECTOR_INDEX
from reseen.retrieval.opening import MEMORY

FILE_ROWS = 16_384
"""Rows of a merged file, which has less than twice as many. Smaller files make a forgotten record cheaper and a search,
which reads its candidates from many files, dearer. LanceDB adds a batch as one file, whatever its size."""

_LANCEDB_ALONE = (MEMORY, "s3+ddb://")
"""Addresses of LanceDB's own memory, and of stores whose commits DynamoDB orders, which `to_lance` leaves out."""

_CODES = "auxiliary.idx"
"""The file of a segment of the vectors' index that holds a row for each record."""


class Segment(NamedTuple):
    """A part of the index of this name: its folder, and the files whose rows it covers, also those that are gone."""

    name: str
    folder: str
    files: frozenset[int]


def merge_small(table: Any) -> None:
    """Merge files of less than half of ``FILE_ROWS``, and write files with dead rows anew."""
    _merge(table, lambda file: bool(file.num_deletions) or file.physical_rows < FILE_ROWS // 2)


def drop_dead_rows(table: Any) -> None:
    """Write the files with dead rows anew, without them; the indexes' entries of dead rows go too."""
    _merge(table, lambda file: bool(file.num_deletions))


def take_up(table: Any) -> None:
    """Add new rows to the indexes.

    In that of the vectors they become a segment, together with the segments before it that are not twice as large. So
    there are few, and a large one is seldom written. Told how many segments to merge, pylance keeps the parts of the
    index as they are; else it joins small ones, as LanceDB does.
    """
    rows, held = rows_of_files(table), segments(table)
    columns = sorted({segment.name for segment in held} - {VECTOR_INDEX})
    if columns:
        _dataset(table).optimize.optimize_indices(index_names=columns)
    sizes = [_rows(segment, rows) for segment in held if segment.name == VECTOR_INDEX]
    if sizes and (new := sum(rows.values()) - sum(sizes)):
        merge_segments(table, count=_to_merge(sizes, new=new))


def merge_segments(table: Any, *, count: int) -> None:
    """Write the last segments of the vectors' index as one, with all rows that no segment covers.

    The codes of rows whose file is no longer there go.
    """
    _dataset(table).optimize.optimize_indices(index_names=[VECTOR_INDEX], num_indices_to_merge=count)


def remove_versions(table: Any, *, older_than: timedelta, unverified: bool) -> None:
    """Remove versions but the newest with their files; ``unverified``: also files that no version ever named."""
    if needs_lancedb(table):
        table.optimize(cleanup_older_than=older_than, delete_unverified=unverified)
        return
    _dataset(table).cleanup_old_versions(older_than, delete_unverified=unverified)


def segments(table: Any) -> list[Segment]:
    """The segments of all indexes, each index's in the order in which they came."""
    return [
        Segment(index.name, str(segment.uuid), frozenset(segment.fragment_ids))
        for index in _dataset(table).describe_indices()
        for segment in index.segments
    ]


def rows_of_files(table: Any) -> dict[int, int]:
    """The number of rows of each file that are alive, by the file's number."""
    return {file.fragment_id: file.physical_rows - file.num_deletions for file in _dataset(table).get_fragments()}


def stale_segments(table: Any, folder: Path) -> list[bool]:
    """Of each segment of the vectors' index whether it holds codes of others than the rows alive in its files.

    ``folder``: the table's.
    """
    rows = rows_of_files(table)
    return [
        _coded(folder / "_indices" / segment.folder) != _rows(segment, rows)
        for segment in segments(table)
        if segment.name == VECTOR_INDEX
    ]


def needs_lancedb(table: Any) -> bool:
    """Whether LanceDB alone may write to the table: pylance does not see it, or would commit past its lock."""
    return _place(table).startswith(_LANCEDB_ALONE)


def _dataset(table: Any) -> Any:
    """The newest version for pylance. ``to_lance`` takes the name of a folder for a part of an address."""
    with extra("gallery"):
        import lance  # searching needs it not, and with it every fork of the process warns
    place = _place(table)
    return table.to_lance() if "://" in place else lance.dataset(str(Path(place) / f"{table.name}.lance"))


def _place(table: Any) -> str:
    return str(table._conn.uri)  # noqa: SLF001 - no other name leads there


def _merge(table: Any, chosen: Callable[[Any], bool]) -> None:
    """Write the chosen files anew in files of ``FILE_ROWS``, neighbours together."""
    dataset = _dataset(table)
    left = [file.fragment_id for file in dataset.get_fragments() if not chosen(file)]
    dataset.optimize.compact_files(
        target_rows_per_fragment=FILE_ROWS, materialize_deletions_threshold=0.0, excluded_fragment_ids=left
    )


def _to_merge(sizes: list[int], *, new: int) -> int:
    """How many of the last segments are to be merged with so many new rows."""
    count = 0
    for size in reversed(sizes):
        if size > 2 * new:
            break
        new += size
        count += 1
    return count


def _rows(segment: Segment, rows: dict[int, int]) -> int:
    return sum(rows.get(file, 0) for file in segment.files)


def _coded(folder: Path) -> int:
    """The number of rows that a segment of the vectors' index has codes of; -1 where that cannot be read."""
    from lance.file import LanceFileReader

    try:
        return int(LanceFileReader(str(folder / _CODES)).num_rows())
    except ENGINE_ERRORS:
        return -1
