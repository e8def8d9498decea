"""Tracks laid on the frames they were seen in: sizes are checked, boxes clipped, times read from videos.

Nothing is decoded but the first frame of each camera; which boxes have a frame is known before any is cut.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars
from numpy.typing import NDArray

from reseen.data.frames.finding import find_frames, find_videos, frames_of_images
from reseen.data.frames.frame import Frames
from reseen.data.tracks import Tracks, inside
from reseen.errors import ReseenError


class FramesGiven(NamedTuple):
    """Where the frames of tracks are, as `find_frames` and `find_videos` take it.

    ``first``: the number of a video's first frame; what the tracks' format says if None: 1 for MOT text and CityFlow, 0
    for tables.
    """

    frames: Path | str | None = None
    videos: Sequence[Path | str] = ()
    first: int | None = None


class OnFrames(NamedTuple):
    """Tracks whose boxes each have a frame, and the frames by camera; None where images show boxes alone."""

    tracks: Tracks
    frames: Mapping[str, Frames] | None


def on_frames(tracks: Tracks, given: FramesGiven) -> OnFrames:
    """Lay tracks on frames: those given, or else those that the tracks' images are.

    Boxes are clipped to their frames. Those outside, and those whose frame is missing, are left out; all are counted in
    the notes. Times come from a video's timestamps where the data have neither times nor a rate.

    Raises:
        ReseenError: A camera has no frames, or none of its boxes has; a frame's size is not what the data say; frames
            are given twice.
    """
    frames = _found(tracks, given)
    if frames is None:
        return OnFrames(tracks, None)
    sizes = {camera: _size(camera, own, tracks) for camera, own in frames.items()}
    parts, notes = [], list[str]()
    for camera, own in frames.items():
        boxes = tracks.boxes.filter(polars.col("camera") == camera)
        laid = _laid(boxes, own, tracks=tracks)
        parts.append(laid.boxes)
        notes += laid.notes
    clipped = inside(polars.concat(parts), sizes)
    if clipped.boxes.is_empty():
        raise ReseenError(f"{tracks.root}: expected boxes inside their frames, got none")
    notes += clipped.notes
    lost = tracks.boxes.join(clipped.boxes, on=["camera", "track"], how="anti").n_unique(["camera", "track"])
    if lost:
        notes.append(f"{lost} tracks have no box in any frame and are left out as a whole")
    return OnFrames(replace(tracks, boxes=clipped.boxes, notes=(*tracks.notes, *notes), sizes=sizes), frames)


def _found(tracks: Tracks, given: FramesGiven) -> Mapping[str, Frames] | None:
    if given.frames is not None and given.videos:
        raise ReseenError("expected frames or videos, got both; give one of them")
    if given.first is not None and not given.videos:
        raise ReseenError("the number of the first frame is for videos; frames in folders have their number as name")
    if given.frames is not None:
        return find_frames(str(given.frames), tracks.cameras)
    if given.videos:
        first = tracks.numbering.first if given.first is None else given.first
        return find_videos([str(place) for place in given.videos], tracks.cameras, first=first)
    if tracks.crops or tracks.boxes["image"].is_null().all():
        return None
    return frames_of_images(tracks)


def _size(camera: str, frames: Frames, tracks: Tracks) -> tuple[int, int]:
    stated, size = tracks.sizes.get(camera), frames.size
    if stated is not None and stated != size:
        raise ReseenError(
            f"camera {camera}: expected frames of {stated[0]} x {stated[1]} pixels, as the tracks' files say, got "
            f"{size[0]} x {size[1]}: {frames.name}"
        )
    return size


class _Laid(NamedTuple):
    boxes: polars.DataFrame
    notes: Sequence[str]


def _laid(boxes: polars.DataFrame, frames: Frames, *, tracks: Tracks) -> _Laid:
    """A camera's boxes whose frame is there, with the times that the frames know."""
    numbering, camera, notes = tracks.numbering, str(boxes["camera"][0]), list[str]()
    start = numbering.starts.get(camera, 0.0)
    if not numbering.frames and frames.times is not None:
        boxes = boxes.with_columns(frame=_nearest(boxes["time"].to_numpy() - start, frames))
        single = boxes.unique(["track", "frame"], keep="first", maintain_order=True)
        if len(single) < len(boxes):
            notes.append(
                f"camera {camera}: {len(boxes) - len(single)} boxes share a frame with another of their track and were "
                "left out"
            )
        boxes = single
    there = boxes["frame"].is_in(list(frames.numbers))
    if not there.all():
        notes.append(_missing(boxes.filter(~there), frames, total=len(boxes)))
    boxes = boxes.filter(there)
    if numbering.frames and not numbering.times and camera not in numbering.rated and frames.times is not None:
        place = boxes["frame"].to_numpy() - min(frames.numbers)
        boxes = boxes.with_columns(time=polars.Series(start + frames.times[place]))
    return _Laid(boxes, notes)


def _nearest(seconds: NDArray[np.float64], frames: Frames) -> polars.Series:
    """(N,) seconds from the first frame -> the frame shown nearest to each; -1 for those well before or after all."""
    assert frames.times is not None
    times = frames.times
    gap = float(np.median(np.diff(times))) if len(times) > 1 else 1.0
    after = np.searchsorted(times, seconds).clip(1, max(1, len(times) - 1))
    before = after - 1
    last = np.minimum(after, len(times) - 1)
    place = np.where(seconds - times[before] <= times[last] - seconds, before, last)
    outside = (seconds < times[0] - gap) | (seconds > times[-1] + gap)
    return polars.Series(np.where(outside, min(frames.numbers) - 1, place + min(frames.numbers)), dtype=polars.Int64)


def _missing(boxes: polars.DataFrame, frames: Frames, *, total: int) -> str:
    """A line about boxes without a frame. ReseenError where that is all of them, or they come before the first."""
    camera, first, last = boxes["camera"][0], min(frames.numbers), max(frames.numbers)
    wanted = boxes["frame"].unique().sort()
    there = f"{frames.name} has {len(frames.numbers)} frames, {first} to {last}"
    if len(boxes) == total:
        raise ReseenError(f"camera {camera}: expected frames {wanted[0]} to {wanted[-1]} of its tracks, but {there}")
    what = "are beyond its end" if wanted[0] > last else f"are missing, such as {wanted[0]}"
    hint = ""
    if frames.times is not None and wanted[0] < first:
        hint = f"; if the tracks count frames from {wanted[0]}, say that as the number of the first frame"
    elif frames.times is not None and first == 0 and list(wanted) == [last + 1]:
        hint = "; if the tracks count frames from 1, say that as the number of the first frame"
    return f"camera {camera}: {there}; {len(wanted)} of the tracks' {what}: {len(boxes)} boxes are left out{hint}"
