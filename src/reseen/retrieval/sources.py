"""What a user adds to a gallery: folders, tables, data sets, and the vectors of `reseen embed`, as records.

A table has a column path and, as far as known, identity, camera, time (ISO 8601), and left, top, right, bottom of a
box; a path may stand in several rows. Its other columns become free fields: those of a Parquet table as they are typed,
those of a CSV as numbers or truths where every value is one, and as words otherwise ("0012" is a word).
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import numpy as np
import polars

from reseen.data.datasets import read_data
from reseen.errors import ReseenError
from reseen.retrieval.job import JOB, PARTS, columns_told, read_job
from reseen.retrieval.listing import list_pictures, read_table
from reseen.retrieval.record import Box, FieldValue, Record
from reseen.retrieval.schema import Model

_BOX = ("left", "top", "right", "bottom")
_OWN = frozenset({"path", "identity", "camera", "time", "vector", *_BOX})
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?")
_TRUTHS: Mapping[str, bool] = MappingProxyType({"true": True, "false": False})


class Source(NamedTuple):
    """So many records, which are made as they are asked for, and whose vectors they bring, if they bring vectors."""

    total: int
    records: Iterator[Record]
    model: Model | None = None


def read_source(path: Path, *, split: Literal["train", "query", "gallery"] | None = None) -> Source:
    """The records of a picture file, a folder of pictures, a table, or a folder that `reseen embed` wrote.

    ``split``: the path is a data set in any layout that reseen reads, and this part of it is meant. ReseenError for
    a path that is nothing of the kind, and for rows that say no time or box where they should.
    """
    if split is not None:
        frame = getattr(read_data(path), split).frame
        return _source(frame.drop("view"), path)
    if (path / JOB).is_file():
        return _embedded(path)
    if path.is_dir():
        return _source(list_pictures(path), path)
    if path.suffix.lower() in {".csv", ".parquet"}:
        frame = read_table(path)
        return _source(_typed(frame) if path.suffix.lower() == ".csv" else frame, path)
    return Source(1, iter([Record(picture=path)]))


def _embedded(folder: Path) -> Source:
    job = read_job(folder)
    if told := columns_told(job):
        raise ReseenError(
            f"{folder}: these vectors were made with the {' and '.join(told)} of each picture, and what is searched "
            "in a gallery comes without; embed again without --metadata"
        )
    parts = sorted(folder.glob(PARTS))
    if not parts:
        raise ReseenError(f"{folder}: an embedding job without a finished part; run `reseen embed` again")
    total = sum(polars.scan_parquet(part, glob=False).select(polars.len()).collect().item() for part in parts)
    records = (record for part in parts for record in _records(polars.read_parquet(part, glob=False), part))
    return Source(total, records, Model(str(job["fingerprint"]), int(str(job["width"]))))


def _source(frame: polars.DataFrame, path: Path) -> Source:
    return Source(len(frame), _records(frame, path))


def _records(frame: polars.DataFrame, source: Path) -> Iterator[Record]:
    for number, row in enumerate(frame.iter_rows(named=True), start=2):
        try:
            yield _record(row)
        except ReseenError as error:
            raise ReseenError(f"{source}: row {number}, counting a header: {error}") from None


def _record(row: Mapping[str, Any]) -> Record:
    vector = row.get("vector")
    return Record(
        picture=Path(row["path"]),
        vector=None if vector is None else np.asarray(vector, dtype=np.float32),
        identity=_word(row.get("identity")),
        camera=_word(row.get("camera")),
        time=_time(row.get("time")),
        box=_box(row),
        fields={name: _field(value) for name, value in row.items() if name not in _OWN and value is not None},
    )


def _word(value: Any) -> str | None:
    return None if value is None or value == "" else str(value)


def _time(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    return read_time(str(value)) if value else None


def read_time(text: str) -> datetime:
    """ISO 8601, as 2026-05-01 or 2026-05-01T12:30:00+02:00. ReseenError for anything else.

    >>> read_time("2026-05-01 12:30").hour
    12
    """
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ReseenError(f"time: expected a date and time like 2026-05-01T12:30:00+02:00, got '{text}'") from None


def _box(row: Mapping[str, Any]) -> Box | None:
    sides = [row.get(name) for name in _BOX]
    if all(side in (None, "") for side in sides):
        return None
    try:
        left, top, right, bottom = (float(side) for side in sides)  # type: ignore[arg-type]  # None is a TypeError
        return math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom)
    except (TypeError, ValueError, OverflowError):
        words = ", ".join(str(side) for side in sides)
        raise ReseenError(f"box: expected numbers for {', '.join(_BOX)}, got {words}") from None


def _field(value: Any) -> FieldValue:
    """Whatever is neither a number nor a truth, as words."""
    return value if isinstance(value, bool | int | float) else str(value)


def _typed(frame: polars.DataFrame) -> polars.DataFrame:
    """The CSV's free fields, typed by what all their values look like; what is empty is not known."""
    columns = {}
    for name in frame.columns:
        values = [None if value == "" else value for value in frame[name]]
        columns[name] = values if name in _OWN else _alike(values)
    return polars.DataFrame(columns, schema_overrides=dict.fromkeys(_OWN & {*frame.columns}, polars.String))


def _alike(values: list[str | None]) -> list[FieldValue]:
    known = [value for value in values if value is not None]
    reading: Callable[[str], FieldValue] = str
    if all(value.lower() in _TRUTHS for value in known):
        reading = _as_truth
    elif all(_NUMBER.fullmatch(value) for value in known):
        reading = float
    return [None if value is None else reading(value) for value in values]


def _as_truth(value: str) -> bool:
    return _TRUTHS[value.lower()]
