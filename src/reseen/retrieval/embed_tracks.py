"""Tracks to vectors: one of each box, as a job that a stopped command continues, and one of each track.

```
OUT/
  crops/          the boxes' images, where they are cut out of frames or videos
  images.parquet  their table
  job.json, part-*.parquet, failures.csv   one vector of each box, as `embed_images` writes them
  tracks.parquet  one vector of each track: its boxes' vectors pooled by how well they show it; written last
```
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from reseen.data.frames import FramesGiven
from reseen.data.tracks import read_tracks
from reseen.errors import ReseenError
from reseen.files import write_atomically
from reseen.linking.pooling import Pooled
from reseen.progress import SILENT, Progress
from reseen.retrieval.embedder import BATCH, Embedder
from reseen.retrieval.job import CHUNK, JobDone, begin_job, embed_images
from reseen.retrieval.track_images import TrackImages, cut_images, pooled_images, track_images

TRACKS = "tracks.parquet"
_IMAGES, _CROPS = "images.parquet", "crops"


class TracksEmbedded(NamedTuple):
    """A finished job, how many tracks have a vector, and what was changed or is missing, one line each."""

    job: JobDone
    tracks: int
    notes: tuple[str, ...]


def embed_tracks(  # noqa: PLR0913 - one argument a thing that a user may choose
    source: Path | str,
    out: Path | str,
    *,
    embedder: Embedder,
    frames: FramesGiven | None = None,
    images: int | None = None,
    offsets: Mapping[str, float] | None = None,
    rate: float | None = None,
    batch: int = BATCH,
    chunk: int = CHUNK,
    progress: Progress = SILENT,
) -> TracksEmbedded:
    """Embed the boxes of tracks, each once, and pool the vectors of each track.

    The same call continues one that was stopped; boxes that were cut or embedded before are not again.

    Args:
        source: The tracks, as ``reseen.data.tracks.read_tracks`` takes them.
        out: The folder to write into.
        embedder: The network.
        frames: Where the frames or videos are that boxes are cut out of; not needed where the tracks name images.
        images: At most so many boxes of a track, the best over its length; None for all.
        offsets: Seconds to add to the times of a camera, by its name.
        rate: Frames a second of all cameras; what the data or the videos say if left out.
        batch: Images in one pass of the network.
        chunk: Images in one part.
        progress: Shows bars.

    Raises:
        ReseenError: As `embed_images`, `read_tracks` and `reseen.data.frames.on_frames` say.

    Example (not run):
        ```python
        embedder = reseen.Embedder.from_pretrained("runs/mine")
        embed_tracks("tracks.csv", "vectors", embedder=embedder, frames=FramesGiven(videos=["videos"]))
        ```
    """
    if images is not None and images < 1:
        raise ReseenError(f"images: expected at least 1 image of a track, got {images}")
    out = Path(out)
    tracks = read_tracks(source, offsets=offsets, rate=rate)
    found = track_images(tracks, crops=out / _CROPS, images=images, given=frames or FramesGiven())
    begin_job(out, embedder)
    found = cut_images(found, crops=out / _CROPS, progress=progress)
    write_atomically(out / _IMAGES, _images_table(found).write_parquet)
    job = embed_images(out / _IMAGES, out, embedder=embedder, batch=batch, chunk=chunk, progress=progress)
    pooled = pooled_images(out, found.chosen.with_columns(image=pl.col("path")), spans=found.tracks.boxes)
    write_atomically(out / TRACKS, _one_row_a_track(pooled).write_parquet)
    return TracksEmbedded(job, len(pooled.sightings), found.tracks.notes)


def _images_table(found: TrackImages) -> pl.DataFrame:
    """The images to embed, with the columns that the parts of the job have."""
    return found.chosen.select(
        "path",
        "camera",
        "track",
        "frame",
        pl.col("time").alias("seconds"),
        *(pl.col(side).alias(f"box_{side}") for side in ("left", "top", "width", "height")),
        "confidence",
        *(() if found.said is None else (pl.lit(found.said).alias("frames"),)),
    )


def _one_row_a_track(pooled: Pooled) -> pl.DataFrame:
    """path of the best image, camera, track, begin and end in seconds, vector of length 1."""
    seen = pooled.sightings
    vectors = np.asarray(seen.vectors, dtype=np.float32)
    return pl.DataFrame(
        {
            "path": [images[0] for images in seen.images],
            "camera": pl.Series(np.asarray(seen.cameras)),
            "track": pl.Series(np.asarray(seen.tracks)),
            "begin": pl.Series(np.asarray(seen.begin)),
            "end": pl.Series(np.asarray(seen.end)),
            "vector": vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
        }
    )
