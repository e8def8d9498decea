"""MOT text: one line a box, `frame,id,left,top,width,height,confidence,x,y,z`, read and written.

Where boxes have a class, its number stands in the place of x, as MOTChallenge has it.
"""

from collections.abc import Mapping
from pathlib import Path

import polars

from reseen.data.tracks.boxes import SIDES
from reseen.errors import ReseenError
from reseen.files import write_text

_NAMES = ("frame", "track", *SIDES, "confidence")
_NEEDED = 6
_CLASS = 7
"""The place of the class in a line, from 0."""


def read_mot(path: Path, *, origin: int = 0, classes: Mapping[int, str] | None = None) -> polars.DataFrame:
    """Read the boxes of one camera.

    Args:
        path: A text file with one line a box: frame, id, left, top, width, height and, if known, confidence; what
            follows is left out, but for the class where ``classes`` are given. Commas or spaces stand between them.
        origin: The number of a frame's first pixel in the file: 0 as in CityFlow and in what trackers write, 1 as in
            MOTChallenge's own files.
        classes: The names of the classes in the eighth column; without it, that column is left out too.

    Returns:
        ``track`` (string), ``frame``, ``left``, ``top``, ``width``, ``height`` (pixels from 0) and ``confidence``
        (null where it is -1 or missing); with ``classes`` also ``kind``, the class's name (null where it is -1 or
        missing); no row for an empty file.

    Raises:
        ReseenError: The file is missing, a line is not of this form, an id is -1, which says that boxes have none, or
            a class has no name.
    """
    lines = _lines(path)
    rows = (
        polars.DataFrame({"line": lines}, schema={"line": polars.String})
        .with_row_index("number", offset=1)
        .filter(polars.col("line") != "")
    )
    values = rows["line"].str.replace_all(r"[,\s]+", ",").str.strip_chars(",").str.split(",")
    columns = {
        name: values.list.get(place, null_on_oob=True).cast(polars.Float64, strict=False)
        for place, name in enumerate(_NAMES)
    }
    frame = polars.DataFrame(columns)
    _refuse_lines(frame, rows["number"], path)
    if (frame["track"] < 0).any():
        raise ReseenError(f"{path}: expected tracks, got boxes without an id (-1): run a tracker on these detections")
    kinds = (
        _kinds(values.list.get(_CLASS, null_on_oob=True), rows["number"], path, classes=classes) if classes else None
    )
    return frame.select(
        frame["track"].cast(polars.Int64).cast(polars.String),
        frame["frame"].cast(polars.Int64),
        frame["left"] - origin,
        frame["top"] - origin,
        "width",
        "height",
        polars.when(frame["confidence"] >= 0).then(frame["confidence"]).alias("confidence"),
        *([] if kinds is None else [kinds]),
    )


def write_mot(path: Path, boxes: polars.DataFrame, *, origin: int = 0) -> None:
    """Write the boxes of one camera as MOT text, sorted by frame and track.

    Args:
        path: The file; whatever stood there is replaced when the new one is complete.
        boxes: Columns as `read_mot` gives them. Tracks are whole numbers; a confidence of null is written as -1.
            A column ``class`` of whole numbers, which may be missing, is written too.
        origin: What to add to left and top: 1 for tools that count a frame's pixels from 1.
    """
    numbers = boxes["track"].cast(polars.Int64, strict=False)
    if numbers.null_count():
        wrong = boxes["track"].filter(numbers.is_null())[0]
        raise ReseenError(f"{path}: MOT text needs tracks that are whole numbers, got '{wrong}'")
    boxes = boxes if "class" in boxes.columns else boxes.with_columns(polars.lit(-1).alias("class"))
    rows = boxes.with_columns(numbers, polars.col("confidence", "class").fill_null(-1)).sort("frame", "track")
    lines = [
        f"{frame},{track},{_short(left + origin)},{_short(top + origin)},{_short(width)},{_short(height)},"
        f"{_short(confidence)},{number},-1,-1\n"
        for track, frame, left, top, width, height, confidence, number in rows.select(
            "track", "frame", *SIDES, "confidence", "class"
        ).iter_rows()
    ]
    write_text(path, "".join(lines))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ReseenError(f"{path}: cannot read MOT text: {reason}") from None


def _kinds(values: polars.Series, numbers: polars.Series, path: Path, *, classes: Mapping[int, str]) -> polars.Series:
    """The names of the classes of lines with these ``numbers``."""
    number = values.cast(polars.Float64, strict=False)
    known = [float(name) for name in classes]
    wrong = number.is_not_null() & (number != -1) & ~number.is_in(known)
    if wrong.any():
        raise ReseenError(
            f"{path}: line {numbers.filter(wrong)[0]}: class {number.filter(wrong)[0]:g} has no name; expected one of "
            f"{', '.join(map(str, classes))}, or -1"
        )
    return number.replace_strict(known, [*classes.values()], default=None, return_dtype=polars.String).alias("kind")


def _refuse_lines(frame: polars.DataFrame, numbers: polars.Series, path: Path) -> None:
    needed = frame.select(
        polars.any_horizontal(polars.col(name).is_null() | ~polars.col(name).is_finite() for name in _NAMES[:_NEEDED])
    ).to_series()
    if needed.any():
        raise ReseenError(
            f"{path}: line {numbers.filter(needed)[0]}: expected frame,id,left,top,width,height as numbers "
            f"({int(needed.sum())} such lines)"
        )
    for name in ("frame", "track"):
        whole = frame[name] == frame[name].floor()
        if not whole.all():
            raise ReseenError(f"{path}: line {numbers.filter(~whole)[0]}: expected a whole number as {name}")


def _short(value: float) -> str:
    """At most three decimals, none for whole numbers."""
    return f"{value:.3f}".rstrip("0").rstrip(".")
