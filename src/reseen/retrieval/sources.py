"""Sources of records: folders, tables, data sets, and the vectors of `reseen embed`.

A table has a column path and, as far as known, identity, camera, time (ISO 8601), and left, top, right, bottom of a
box; a path may stand in several rows. Its other columns become free fields: those of a Parquet table keep their type,
those of a CSV are numbers or booleans if every value is one, and else strings ("0012" is a string).
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
from reseen.data.image_table import list_images, read_image_table
from reseen.errors import ReseenError
from reseen.extras import extra
from reseen.retrieval.job import JOB, PARTS, metadata_columns, read_job
from reseen.retrieval.record import Box, FieldValue, Record

with extra("gallery"):
    from reseen.retrieval.schema import GalleryModel

_BOX = ("left", "top", "right", "bottom")
_OWN = frozenset({"path", "identity", "camera", "time", "vector", *_BOX})
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?")
_BOOLEANS: Mapping[str, bool] = MappingProxyType({"true": True, "false": False})


class RecordSource(NamedTuple):
    """``total`` records, made while iterating, and the ``model`` of their vectors, if they have vectors."""

    total: int
    records: Iterator[Record]
    model: GalleryModel | None = None


def read_source(path: Path, *, split: Literal["train", "query", "gallery"] | None = None) -> RecordSource:
    """The records of an image file, a folder of images, a table, or a folder that `reseen embed` wrote.

    Args:
        path: The source.
        split: Read ``path`` as a data set, in any layout that reseen knows, and take this part of it.

    Raises:
        ReseenError: The path is nothing of the kind, or a row has an invalid time or box.
    """
    if split is not None:
        frame = getattr(read_data(path), split).frame
        return _source(frame.drop("view"), path)
    if (path / JOB).is_file():
        return _embedded(path)
    if path.is_dir():
        return _source(list_images(path), path)
    if path.suffix.lower() in {".csv", ".parquet"}:
        frame = read_image_table(path)
        return _source(_typed(frame) if path.suffix.lower() == ".csv" else frame, path)
    return RecordSource(1, iter([Record(picture=path)]))


def _embedded(folder: Path) -> RecordSource:
    job = read_job(folder)
    if told := metadata_columns(job):
        raise ReseenError(
            f"{folder}: these vectors were made with the {' and '.join(told)} of each image, and queries of a gallery "
            "have none; embed again without --metadata"
        )
    parts = sorted(folder.glob(PARTS))
    if not parts:
        raise ReseenError(f"{folder}: no part of this embedding job is finished; run `reseen embed` again")
    total = sum(polars.scan_parquet(part, glob=False).select(polars.len()).collect().item() for part in parts)
    records = (record for part in parts for record in _records(polars.read_parquet(part, glob=False), part))
    return RecordSource(total, records, GalleryModel(str(job["fingerprint"]), int(str(job["width"]))))


def _source(frame: polars.DataFrame, path: Path) -> RecordSource:
    return RecordSource(len(frame), _records(frame, path))


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
        identity=_text(row.get("identity")),
        camera=_text(row.get("camera")),
        time=_time(row.get("time")),
        box=_box(row),
        fields={name: _field(value) for name, value in row.items() if name not in _OWN and value is not None},
    )


def _text(value: Any) -> str | None:
    return None if value is None or value == "" else str(value)


def _time(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    return read_time(str(value)) if value else None


def read_time(text: str) -> datetime:
    """Parse ISO 8601, as 2026-05-01 or 2026-05-01T12:30:00+02:00. Raises ReseenError for anything else.

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
        text = ", ".join(str(side) for side in sides)
        raise ReseenError(f"box: expected numbers for {', '.join(_BOX)}, got {text}") from None


def _field(value: Any) -> FieldValue:
    """A number or boolean as it is, anything else as a string."""
    return value if isinstance(value, bool | int | float) else str(value)


def _typed(frame: polars.DataFrame) -> polars.DataFrame:
    """The CSV with its free fields typed by the form of all their values; empty values are unknown."""
    columns = {}
    for name in frame.columns:
        values = [None if value == "" else value for value in frame[name]]
        columns[name] = values if name in _OWN else _column(values)
    return polars.DataFrame(columns, schema_overrides=dict.fromkeys(_OWN & {*frame.columns}, polars.String))


def _column(values: list[str | None]) -> list[FieldValue]:
    known = [value for value in values if value is not None]
    parse: Callable[[str], FieldValue] = str
    if all(value.lower() in _BOOLEANS for value in known):
        parse = _as_boolean
    elif all(_NUMBER.fullmatch(value) for value in known):
        parse = float
    return [None if value is None else parse(value) for value in values]


def _as_boolean(value: str) -> bool:
    return _BOOLEANS[value.lower()]
