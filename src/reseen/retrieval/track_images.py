"""The images of tracks that are embedded: the best few of each, from files of boxes, frames or videos."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import polars as pl

from reseen.data.frames import Frames, FramesGiven, crop_paths, cut_boxes, on_frames
from reseen.data.tracks import Tracks
from reseen.errors import ReseenError
from reseen.linking.pooling import Pooled, pool, quality
from reseen.progress import SILENT, Progress
from reseen.retrieval.job import PARTS

_NOWHERE = FramesGiven()


class TrackImages(NamedTuple):
    """Tracks, their chosen boxes with ``path``, and the frames that these are cut out of; None where files hold them.

    ``said``: what the images are made of, for a folder that belongs to them; None where files hold them.
    """

    tracks: Tracks
    chosen: pl.DataFrame
    frames: Mapping[str, Frames] | None
    said: str | None


def track_images(
    tracks: Tracks, *, crops: Path, images: int | None = None, given: FramesGiven = _NOWHERE
) -> TrackImages:
    """Choose the boxes of each track that are embedded, before any frame is decoded.

    Args:
        tracks: The tracks.
        crops: The folder that boxes will be cut into, where they must be.
        images: At most so many of a track, the best one of each of so many equal parts of its length; None for all.
        given: Where the frames are; what the tracks' images are if left out.

    Raises:
        ReseenError: There are no images of boxes and no frames, or as `on_frames` says.
    """
    laid = on_frames(tracks, given)
    if laid.frames is None:
        return TrackImages(tracks, chosen_images(tracks, images=images), None, None)
    chosen = best_boxes(laid.tracks.boxes, laid.tracks.boxes, images=images)
    said = ", ".join(f"{camera}: {own.name} from frame {min(own.numbers)}" for camera, own in laid.frames.items())
    return TrackImages(laid.tracks, chosen.with_columns(crop_paths(chosen, crops)), laid.frames, said)


def cut_images(found: TrackImages, *, crops: Path, progress: Progress = SILENT) -> TrackImages:
    """Cut the chosen boxes out of their frames, where they must be; their sharpness is measured.

    The tracks then have images of boxes alone, in ``crops``. A stopped call cuts nothing twice. Raises ReseenError as
    `cut_boxes` does.
    """
    if found.frames is None:
        return found
    cut, root, tracks = (
        cut_boxes(found.chosen, found.frames, out=crops, progress=progress),
        crops.absolute(),
        found.tracks,
    )
    chosen = cut.boxes.with_columns(image=pl.col("path").str.strip_prefix(f"{root}/"))
    key = ["camera", "track", "frame"]
    boxes = tracks.boxes.drop("image").join(
        chosen.select(*key, "image"), on=key, how="left", maintain_order="left", validate="1:1"
    )
    cropped = replace(tracks, boxes=boxes, root=root, crops=True, notes=(*tracks.notes, *cut.notes))
    return found._replace(tracks=cropped, chosen=chosen)


def pooled_images(folder: Path, chosen: pl.DataFrame, *, spans: pl.DataFrame) -> Pooled:
    """The vectors of a job in ``folder``, in the order of the chosen images, pooled by track.

    Raises ReseenError where no image has a vector.
    """
    parts = [pl.read_parquet(part, columns=["path", "vector"]) for part in sorted(folder.glob(PARTS))]
    if not parts:
        raise ReseenError(f"{folder}: no image of the tracks could be embedded; see {folder / 'failures.csv'}")
    rows = chosen.join(pl.concat(parts).unique("path"), on="path", how="inner", maintain_order="left")
    return pool(rows.drop("vector"), rows["vector"].to_numpy(), spans=spans)


def chosen_images(tracks: Tracks, *, images: int | None) -> pl.DataFrame:
    """The rows of a track's best images: one of each of so many equal parts of its length, with ``path``."""
    boxes = tracks.boxes.filter(pl.col("image").is_not_null())
    if not tracks.crops or boxes.is_empty():
        raise ReseenError(
            f"{tracks.root}: expected an image of each box alone (a column image, or crops/<track>/<frame>.jpg), or "
            f"frames or videos to cut boxes out of, got {'whole frames' if len(boxes) else 'none'}"
        )
    best = best_boxes(boxes, tracks.boxes, images=images)
    return best.with_columns(path=pl.Series([str(tracks.root / image) for image in best["image"]]))


def best_boxes(boxes: pl.DataFrame, everything: pl.DataFrame, *, images: int | None) -> pl.DataFrame:
    """The best box of each of so many equal parts of a track, by size, confidence and whether the border cuts it."""
    if images is None:
        return boxes
    place = pl.int_range(pl.len()).over("camera", "track")
    length = pl.len().over("camera", "track")
    ranked = boxes.with_columns(
        quality=pl.Series(quality(boxes, everything)), share=(place * images / length).floor().cast(pl.Int64)
    ).with_columns(number=pl.int_range(pl.len()))
    best = ranked.sort("quality", descending=True, maintain_order=True).unique(
        ["camera", "track", "share"], keep="first", maintain_order=True
    )
    return best.sort("number").drop("number", "share", "quality")
