"""Tracks as one table of boxes, and the checks that every way in passes through."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import polars

from reseen.errors import ReseenError

SIDES = ("left", "top", "width", "height")
SCHEMA: Mapping[str, polars.DataType] = {
    "camera": polars.String(),
    "track": polars.String(),
    "frame": polars.Int64(),
    "time": polars.Float64(),
    **dict.fromkeys(SIDES, polars.Float64()),
    "confidence": polars.Float64(),
    "image": polars.String(),
    "kind": polars.String(),
}
"""The columns of `Tracks.boxes`."""
RATE = 10.0
"""Frames a second where nothing else is known: what CityFlow's cameras have."""


class Numbering(NamedTuple):
    """What is known of frame numbers and times, for those who hold the frames and know them better.

    ``first``: the number of a camera's first frame. ``rated``: cameras whose rate their own files or the user gave; the
    times of others are guesses, unless the data give times. ``times``, ``frames``: whether the data give them.
    ``starts``: when each camera's clock began, seconds.
    """

    first: int = 0
    rated: frozenset[str] = frozenset()
    times: bool = True
    frames: bool = True
    starts: Mapping[str, float] = {}


@dataclass(frozen=True)
class Tracks:
    """Tracks of one or more cameras.

    ``boxes``: one row a box, sorted by camera, track and frame, with the columns ``camera`` and ``track`` (names),
    ``frame`` (number), ``time`` (seconds on the clock that all cameras share), ``left``, ``top``, ``width``,
    ``height`` (pixels, the first pixel is 0), ``confidence`` (null where unknown), ``image`` (a file, relative to
    ``root``; null where there is none), ``kind`` (what the box is said to hold, such as person; null where nothing
    is). ``crops``: whether ``image`` shows the box alone or the whole frame.
    ``notes``: what was changed or is missing, one line each. ``sizes``: the (width, height) of frames, pixels, where
    the data say it. ``numbering``: what is known of frames and times.
    """

    boxes: polars.DataFrame
    root: Path
    crops: bool
    notes: tuple[str, ...] = ()
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    numbering: Numbering = field(default_factory=Numbering)

    @property
    def cameras(self) -> list[str]:
        """The names of the cameras, sorted."""
        return sorted(self.boxes["camera"].unique().to_list())


class Found(NamedTuple):
    """What a reader found: boxes that are not checked yet, and the (width, height) of frames, pixels, by camera."""

    boxes: polars.DataFrame
    root: Path
    crops: bool
    sizes: Mapping[str, tuple[int, int]]
    notes: tuple[str, ...] = ()
    numbering: Numbering = Numbering()


def checked(found: Found, source: Path) -> Tracks:
    """Checked and sorted tracks: boxes are clipped to their frame, those without area are left out, both are noted.

    Raises ReseenError where no box is left and where a track has two boxes in one frame.
    """
    kinds = () if "kind" in found.boxes.columns else (polars.lit(None).alias("kind"),)
    boxes = found.boxes.with_columns(*kinds).select(polars.col(name).cast(kind) for name, kind in SCHEMA.items())
    refuse_unreal(boxes, source)
    left, notes = inside(boxes, found.sizes)
    if left.is_empty():
        raise ReseenError(f"{source}: expected tracks, got no box with an area inside its frame")
    left = left.sort("camera", "track", "frame")
    _refuse_twice(left, source, frames=found.numbering.frames)
    return Tracks(left, found.root, found.crops, (*found.notes, *notes), found.sizes, found.numbering)


class Inside(NamedTuple):
    """Boxes clipped to their frames, without those that have no area there, and a line for each kind of change."""

    boxes: polars.DataFrame
    notes: tuple[str, ...]


def inside(boxes: polars.DataFrame, sizes: Mapping[str, tuple[int, int]]) -> Inside:
    """Clip boxes to their frames, and leave out those without area inside; both are counted."""
    whole = clipped(boxes, sizes)
    changed = sum((whole[side] != boxes[side]).cast(polars.Int8) for side in SIDES) != 0
    empty = (whole["width"] <= 0) | (whole["height"] <= 0)
    counted = (
        (int((changed & ~empty).sum()), "boxes reached out of their frame and were clipped"),
        (int(empty.sum()), "boxes have no area inside their frame and were left out"),
    )
    return Inside(whole.filter(~empty), tuple(f"{count} of {len(boxes)} {what}" for count, what in counted if count))


def clipped(boxes: polars.DataFrame, sizes: Mapping[str, tuple[int, int]]) -> polars.DataFrame:
    """The boxes inside their frames; where a frame's size is not known, only its left and upper edge are."""
    limits = polars.DataFrame(
        [(camera, float(width), float(height)) for camera, (width, height) in sizes.items()],
        schema={"camera": polars.String, "_wide": polars.Float64, "_high": polars.Float64},
        orient="row",
    )
    edges = boxes.join(limits, on="camera", how="left", maintain_order="left")
    for start, size, limit in (("left", "width", "_wide"), ("top", "height", "_high")):
        end = polars.col(start) + polars.col(size)
        last = polars.min_horizontal(end, polars.col(limit))
        reaches = (polars.col(start) < 0) | (end > polars.col(limit)).fill_null(value=False)
        first = polars.col(start).clip(lower_bound=0)
        edges = edges.with_columns(
            polars.when(reaches).then(first).otherwise(start).alias(start),
            polars.when(reaches).then(last - first).otherwise(size).alias(size),
        )
    return edges.select(boxes.columns)


def refuse_unreal(boxes: polars.DataFrame, source: Path) -> None:
    """Raise ReseenError where a number that every box needs is missing or not finite."""
    for name in ("frame", *(("time",) if "time" in boxes.columns else ()), *SIDES):
        column = boxes[name].cast(polars.Float64)
        bad = int((column.is_null() | ~column.is_finite()).sum())
        if bad:
            raise ReseenError(f"{source}: {bad} boxes have no {name} that is a number")


def _refuse_twice(boxes: polars.DataFrame, source: Path, *, frames: bool) -> None:
    """``frames``: frames are numbered; else their numbers are rounded from times, which may be closer to each other."""
    moment = "frame" if frames else "time"
    key = ["camera", "track", moment]
    twice = boxes.filter(boxes.select(key).is_duplicated())
    if len(twice):
        camera, track, when = twice.select(key).row(0)
        raise ReseenError(
            f"{source}: a track has one box in a frame, but camera {camera}, track {track}, {moment} {when} has "
            f"several ({len(twice)} such boxes in all); give each object a track of its own, or the rate at which "
            "frames came"
        )
