"""MOT text: one line a box, `frame,id,left,top,width,height,confidence,x,y,z`, read and written."""

from pathlib import Path

import polars

from reseen.data.tracks.boxes import SIDES
from reseen.errors import ReseenError
from reseen.files import write_text

_NAMES = ("frame", "track", *SIDES, "confidence")
_NEEDED = 6


def read_mot(path: Path, *, origin: int = 0) -> polars.DataFrame:
    """Read the boxes of one camera.

    Args:
        path: A text file with one line a box: frame, id, left, top, width, height and, if known, confidence; what
            follows is left out. Commas or spaces stand between the values.
        origin: The number of a frame's first pixel in the file: 0 as in CityFlow and in what trackers write, 1 as in
            MOTChallenge's own files.

    Returns:
        ``track`` (string), ``frame``, ``left``, ``top``, ``width``, ``height`` (pixels from 0) and ``confidence``
        (null where it is -1 or missing); no row for an empty file.

    Raises:
        ReseenError: The file is missing, a line is not of this form, or an id is -1, which says that boxes have none.
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
    return frame.select(
        frame["track"].cast(polars.Int64).cast(polars.String),
        frame["frame"].cast(polars.Int64),
        frame["left"] - origin,
        frame["top"] - origin,
        "width",
        "height",
        polars.when(frame["confidence"] >= 0).then(frame["confidence"]).alias("confidence"),
    )


def write_mot(path: Path, boxes: polars.DataFrame, *, origin: int = 0) -> None:
    """Write the boxes of one camera as MOT text, sorted by frame and track.

    Args:
        path: The file; whatever stood there is replaced when the new one is complete.
        boxes: Columns as `read_mot` gives them. Tracks are whole numbers; a confidence of null is written as -1.
        origin: What to add to left and top: 1 for tools that count a frame's pixels from 1.
    """
    numbers = boxes["track"].cast(polars.Int64, strict=False)
    if numbers.null_count():
        wrong = boxes["track"].filter(numbers.is_null())[0]
        raise ReseenError(f"{path}: MOT text needs tracks that are whole numbers, got '{wrong}'")
    rows = boxes.with_columns(numbers, polars.col("confidence").fill_null(-1)).sort("frame", "track")
    lines = [
        f"{frame},{track},{_short(left + origin)},{_short(top + origin)},{_short(width)},{_short(height)},"
        f"{_short(confidence)},-1,-1,-1\n"
        for track, frame, left, top, width, height, confidence in rows.select(
            "track", "frame", *SIDES, "confidence"
        ).iter_rows()
    ]
    write_text(path, "".join(lines))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ReseenError(f"{path}: cannot read MOT text: {reason}") from None


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
