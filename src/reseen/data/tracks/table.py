"""Tracks in a CSV or Parquet table: camera, track, time or frame, left, top, width, height and what else is known.

What else: confidence, image, and kind, such as person.
"""

from collections.abc import Sequence
from pathlib import Path

import polars

from reseen.data.datasets.table import as_names, load_table, refuse_rows
from reseen.data.tracks.boxes import SIDES, Found, Numbering
from reseen.data.tracks.clock import Clock
from reseen.errors import ReseenError, unknown

_NAMES = ("camera", "track")
_TOLERANCE = 1.2
"""Two halves of a camera's frames that differ by more than this factor in their rate have two rates."""


def read_table(source: Path, *, clock: Clock, crops: bool | None) -> Found:
    """The boxes of a table. ReseenError for missing columns and rows without what is needed."""
    frame = boxes_of(source, names=_NAMES, needs_frame=False)
    rates = frame["camera"].replace_strict(clock.by_camera(frame["camera"].unique()), return_dtype=polars.Float64)
    notes: Sequence[str] = ()
    numbering = Numbering(
        rated=clock.given(frame["camera"].unique()), times="time" in frame.columns, frames="frame" in frame.columns
    )
    if "time" not in frame.columns:
        frame = frame.with_columns((frame["frame"] / rates).alias("time"))
    elif "frame" not in frame.columns:
        frame = frame.with_columns((frame["time"] * rates).round().cast(polars.Int64).alias("frame"))
    else:
        notes = _two_rates(frame)
    absent = {"confidence": polars.Float64, "image": polars.String, "kind": polars.String}
    frame = frame.with_columns(
        polars.lit(None, dtype=kind).alias(name) for name, kind in absent.items() if name not in frame.columns
    )
    shared = frame["image"].drop_nulls().is_duplicated().any()
    return Found(frame, source.absolute().parent, not shared if crops is None else crops, {}, tuple(notes), numbering)


def boxes_of(source: Path, *, names: Sequence[str], needs_frame: bool) -> polars.DataFrame:
    """The rows of a table of boxes with checked columns: ``names`` as strings, the others as numbers."""
    frame = load_table(source)
    _check_columns(frame.columns, source, names=names, needs_frame=needs_frame)
    if frame.is_empty():
        raise ReseenError(f"{source}: expected a row per box, got none")
    frame = frame.with_columns(as_names(frame[name]) for name in (*names, "image", "kind") if name in frame.columns)
    for name in names:
        refuse_rows(frame[name].is_null(), source, f"rows without {name}")
    return frame.with_columns(
        _numbers(frame[name], source) for name in ("time", "frame", *SIDES, "confidence") if name in frame.columns
    )


def _check_columns(columns: Sequence[str], source: Path, *, names: Sequence[str], needs_frame: bool) -> None:
    for name in (*names, *SIDES, *(("frame",) if needs_frame else ())):
        if name not in columns:
            raise ReseenError(f"{source}: {unknown('column', name, columns)}")
    if not {"time", "frame"} & {*columns}:
        raise ReseenError(f"{source}: expected a column time (seconds) or frame: {unknown('column', 'time', columns)}")


def _numbers(column: polars.Series, source: Path) -> polars.Series:
    """A column as float64, ``frame`` as whole numbers; empty cells are null where that is allowed."""
    text = column.cast(polars.String).str.strip_chars()
    values = text.cast(polars.Float64, strict=False)
    allowed = (text.is_null() | (text == "")) if column.name == "confidence" else polars.Series([False])
    refuse_rows(
        ~(values.is_finite().fill_null(value=False) | allowed), source, f"rows whose {column.name} is no number"
    )
    if column.name != "frame":
        return values
    refuse_rows(values != values.floor(), source, "rows whose frame is no whole number")
    return values.cast(polars.Int64)


def _two_rates(frame: polars.DataFrame) -> list[str]:
    """A note for each camera whose times and frames give one rate at first and another later; times are used."""
    notes = []
    for (camera,), own in frame.group_by("camera", maintain_order=True):
        moments = own.select("frame", "time").unique("frame").sort("frame")
        half = len(moments) // 2
        rates = [_rate(moments[:half]), _rate(moments[half:])]
        if None not in rates and max(rates) > _TOLERANCE * min(rates):  # type: ignore[type-var, operator]
            notes.append(
                f"camera {camera}: times and frames give two rates, {rates[0]:.3g} and {rates[1]:.3g} a second"
            )
    return notes


def _rate(moments: polars.DataFrame) -> float | None:
    """Frames a second from the first to the last moment, or None where that says nothing."""
    if len(moments) < 8:
        return None
    frames, seconds = (float(moments[name][-1] - moments[name][0]) for name in ("frame", "time"))
    return frames / seconds if seconds > 0 else None
