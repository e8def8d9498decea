"""`reseen embed`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from reseen.cli import track_options as track
from reseen.cli.console import progress_for, say
from reseen.cli.options import (
    Address,
    Batch,
    Decode,
    Device,
    NetworkSource,
    Processes,
    Quiet,
    Ray,
    embedder_for,
    require_ray,
)
from reseen.errors import ReseenError
from reseen.progress import Progress

if TYPE_CHECKING:
    from reseen.retrieval.embedder import Embedder
    from reseen.retrieval.job import JobDone


def embed(  # noqa: PLR0913 - one parameter an option
    source: Annotated[
        Path,
        typer.Argument(help="A folder of images, a .csv or .parquet table with a column path, or tracks (--tracks)."),
    ],
    *,
    out: Annotated[Path, typer.Option(help="The folder for the embeddings; after a stop, the same command continues.")],
    model: NetworkSource = "efficientnet_lite0",
    device: Device = "cpu",
    decode: Decode = None,
    batch: Batch = 16,
    chunk: Annotated[int, typer.Option(min=1, help="Images a part; a stopped job repeats at most one part.")] = 1024,
    metadata: Annotated[
        bool,
        typer.Option("--metadata", help="Give the columns camera and view to a network that was evaluated with them."),
    ] = False,
    ray: Ray = False,
    address: Address = None,
    processes: Processes = None,
    tracks: Annotated[
        bool,
        typer.Option("--tracks", help="SOURCE holds tracks: embed each box, and write a vector of each track too."),
    ] = False,
    frames: track.Frames = None,
    videos: track.Videos = None,
    frame_rate: track.FrameRate = None,
    first_frame: track.FirstFrame = None,
    offset: track.Offsets = None,
    images: Annotated[
        int | None, typer.Option(min=1, help="Images of a track that are embedded; all if left out.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Embed many images: resumable, as Parquet parts, with a table of the images that failed.

    [bold]Examples[/bold]

    reseen embed photos --model runs/mine --out vectors

    reseen embed my.csv --model runs/mine --out vectors --ray

    reseen embed s.parquet --model owner/name --out /shared/vectors --ray --address head:6379

    reseen embed tracks.csv --model runs/mine --out vectors --videos recordings --images 16
    """
    given = _TrackOptions(frames, videos, frame_rate, first_frame, offset, images)
    tracks = tracks or given.has_frames
    require_ray(ray=ray, address=address, processes=processes)
    _refuse_odd(given, tracks=tracks, ray=ray, metadata=metadata)
    progress = progress_for(quiet=quiet)
    embedder = embedder_for(model, device=device, progress=progress, decode=decode)
    if tracks:
        done = _embed_tracks(source, out, given, embedder=embedder, batch=batch, chunk=chunk, progress=progress)
    else:
        from reseen.retrieval.job import embed_images

        runner = None
        if ray:
            from reseen.retrieval.on_ray import on_ray

            runner = on_ray(embedder, out, batch=batch, device=device, address=address, processes=processes)
        done = embed_images(
            source,
            out,
            embedder=embedder,
            runner=runner,
            batch=batch,
            chunk=chunk,
            metadata=metadata,
            progress=progress,
        )
    _tell(done, embedder, out)


class _TrackOptions(NamedTuple):
    """The options that only tracks have, as they were given."""

    frames: str | None
    videos: list[str] | None
    frame_rate: float | None
    first_frame: int | None
    offset: list[str] | None
    images: int | None

    @property
    def has_frames(self) -> bool:
        """Whether they say where frames are, and so that the source holds tracks."""
        return self.frames is not None or bool(self.videos)


def _refuse_odd(given: _TrackOptions, *, tracks: bool, ray: bool, metadata: bool) -> None:
    """ReseenError for options that do not go together."""
    if tracks and (ray or metadata):
        raise ReseenError("embed: tracks are embedded without --ray and --metadata; leave them out")
    if not tracks and any(option is not None for option in given):
        raise ReseenError("embed: --frame-rate, --first-frame, --offset and --images are for tracks; add --tracks")


def _embed_tracks(
    source: Path, out: Path, given: _TrackOptions, *, embedder: "Embedder", batch: int, chunk: int, progress: Progress
) -> "JobDone":
    from reseen.retrieval.embed_tracks import embed_tracks

    found = embed_tracks(
        source,
        out,
        embedder=embedder,
        frames=track.frames_given(given.frames, given.videos, given.first_frame),
        images=given.images,
        offsets=track.offsets_of(given.offset),
        rate=given.frame_rate,
        batch=batch,
        chunk=chunk,
        progress=progress,
    )
    for note in found.notes:
        say(f"note: {note}")
    say(f"one vector of each of {found.tracks:,} tracks -> {out / 'tracks.parquet'}")
    return found.job


def _tell(done: "JobDone", embedder: "Embedder", out: Path) -> None:
    there = f", {done.before:,} were there before" if done.before else ""
    small = ", large JPEG files decoded small" if embedder.decode == "scaled" else ""
    say(f"{done.embedded:,} embeddings of {embedder.width} numbers -> {out}{there}{small}")
    if done.failures:
        say(f"{len(done.failures):,} images failed: {out / 'failures.csv'}")
