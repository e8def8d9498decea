"""Boxes of tracks cut out of their frames, as files: CAMERA/TRACK/000123.jpg, and CAMERA.csv with what was cut.

A line is added to CAMERA.csv when a box's file is complete, so that a stopped command cuts nothing twice.
"""

import csv
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import numpy as np
import polars
from PIL import Image

from reseen.data.frames.crop import crops_of, sharpness
from reseen.data.frames.frame import Frame, Frames
from reseen.data.tracks.boxes import SIDES
from reseen.errors import ReseenError
from reseen.progress import SILENT, Progress

_QUALITY = 95
_KEY = ["track", "frame", *SIDES]
_LOGGED = {
    "track": polars.String(),
    "frame": polars.Int64(),
    **dict.fromkeys(SIDES, polars.Float64()),
    "sharpness": polars.Float64(),
    "source": polars.String(),
}


class Cut(NamedTuple):
    """The boxes that were cut, with ``sharpness`` (of each track's sharpest, at most 1), and a line for each lack."""

    boxes: polars.DataFrame
    notes: tuple[str, ...]


def crop_paths(boxes: polars.DataFrame, out: Path) -> polars.Series:
    """The file of each box below ``out``; names that a file system may refuse are quoted as in an address."""
    rows = boxes.select("camera", "track", "frame").iter_rows()
    paths = [str(out.absolute() / _name(camera) / _name(track) / f"{frame:06d}.jpg") for camera, track, frame in rows]
    return polars.Series("path", paths, dtype=polars.String)


def cut_boxes(boxes: polars.DataFrame, frames: Mapping[str, Frames], *, out: Path, progress: Progress = SILENT) -> Cut:
    """Cut boxes out of their frames, except those that were cut before.

    Each camera's frames are read once, in order, and one is held at a time.

    Args:
        boxes: camera, track, frame, left, top, width, height, inside their frames; and path, of `crop_paths`.
        frames: The frames of each camera.
        out: The folder to write into.
        progress: Shows a bar.

    Raises:
        ReseenError: No box could be cut, a frame has another size than the first, or a file cannot be written.
    """
    parts, missing = [], 0
    with progress.bar("cut boxes", total=len(boxes)) as bar:
        for (camera,), own in boxes.group_by("camera", maintain_order=True):
            log, source = out / f"{_name(str(camera))}.csv", frames[str(camera)]
            before = _logged(log, source.name)
            pending = own.join(before, on=_KEY, how="anti", maintain_order="left")
            bar.advance(len(own) - len(pending))
            try:
                for count in _cut(pending, source, log=log):
                    bar.advance(count)
            except OSError as error:
                raise ReseenError(f"{error.filename or out}: cannot be written: {error.strerror or error}") from None
            done = own.join(_logged(log, source.name), on=_KEY, how="inner", maintain_order="left").drop("source")
            missing += len(own) - len(done)
            parts.append(done)
    cut = polars.concat(parts)
    if cut.is_empty():
        raise ReseenError(f"{out}: none of the {len(boxes)} boxes could be cut: their frames cannot be decoded")
    notes = (f"{missing} of {len(boxes)} boxes are in frames that cannot be decoded and were left out",) * (missing > 0)
    best = polars.col("sharpness").max().over("camera", "track")
    return Cut(cut.with_columns(sharpness=(polars.col("sharpness") / (best + 1e-9)).sqrt().clip(0.1, 1.0)), notes)


def _name(text: str) -> str:
    name = quote(text, safe=" ()+,=@")
    return name.replace(".", "%2E") if not name.strip(".") else name


def _cut(boxes: polars.DataFrame, frames: Frames, *, log: Path) -> Iterator[int]:
    """Write boxes frame by frame; yields how many each time."""
    if boxes.is_empty():
        return
    by_frame = {int(number): own for (number,), own in boxes.group_by("frame")}
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8", newline="") as lines:
        for frame in frames.frames(sorted(by_frame)):
            own = by_frame[frame.number]
            _check_size(frame, frames)
            lines.write(_written(own, frame, source=frames.name))
            lines.flush()
            yield len(own)


def _check_size(frame: Frame, frames: Frames) -> None:
    height, width = frame.image.shape[:2]
    if (width, height) != frames.size:
        wide, high = frames.size
        raise ReseenError(
            f"{frames.name}: expected frames of {wide} x {high} pixels, as its first, got {width} x {height} in frame "
            f"{frame.number}"
        )


def _written(boxes: polars.DataFrame, frame: Frame, *, source: str) -> str:
    """Write the boxes of one frame; their lines."""
    sides = boxes.select(SIDES).to_numpy()
    corners = np.concatenate([sides[:, :2], sides[:, :2] + sides[:, 2:]], axis=1)
    text = StringIO(newline="")
    lines = csv.writer(text, lineterminator="\n")
    crops = crops_of(frame.image, corners)
    for row, crop in zip(boxes.iter_rows(named=True), crops, strict=True):
        path = Path(row["path"])
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.ascontiguousarray(crop)).save(path, quality=_QUALITY, subsampling=0)
        lines.writerow([*(row[name] for name in _KEY), sharpness(crop), source])
    return text.getvalue()


def _logged(log: Path, source: str) -> polars.DataFrame:
    """What was cut before, out of the same frames; a last line that was not finished is left out, and cut off."""
    if not log.is_file():
        return polars.DataFrame(schema=_LOGGED)
    content = log.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        log.write_bytes(whole)
    if not whole:
        return polars.DataFrame(schema=_LOGGED)
    lines = polars.read_csv(whole, has_header=False, schema=_LOGGED)
    return lines.filter(polars.col("source") == source).unique(_KEY, keep="last", maintain_order=True)
