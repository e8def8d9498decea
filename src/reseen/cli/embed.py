"""`reseen embed`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reseen.cli.console import progress_for, say
from reseen.cli.options import (
    Decode,
    Device,
    FirstFrame,
    FrameRate,
    FramesOfTracks,
    NetworkSource,
    Offsets,
    Quiet,
    VideosOfTracks,
    embedder_for,
    frames_given,
    offsets_of,
)
from reseen.errors import ReseenError

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
    batch: Annotated[int, typer.Option(min=1, help="Images through the network at once; more on a GPU.")] = 16,
    chunk: Annotated[int, typer.Option(min=1, help="Images a part; a stopped job repeats at most one part.")] = 1024,
    metadata: Annotated[
        bool,
        typer.Option("--metadata", help="Give the columns camera and view to a network that was evaluated with them."),
    ] = False,
    ray: Annotated[bool, typer.Option("--ray", help="Spread the work over processes, with Ray Data.")] = False,
    address: Annotated[
        str | None, typer.Option(help="With --ray: the cluster's address; this machine if left out.")
    ] = None,
    tracks: Annotated[
        bool,
        typer.Option("--tracks", help="SOURCE holds tracks: embed each box, and write a vector of each track too."),
    ] = False,
    frames: FramesOfTracks = None,
    videos: VideosOfTracks = None,
    frame_rate: FrameRate = None,
    first_frame: FirstFrame = None,
    offset: Offsets = None,
    images: Annotated[
        int | None, typer.Option(min=1, help="Images of a track that are embedded; all if left out.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Embed many images: resumable, as Parquet parts, with a table of the images that failed.

    [bold]Examples[/bold]

    reseen embed photos --model runs/mine --out vectors

    reseen embed my.csv --model runs/mine --out vectors --ray

    reseen embed s.parquet --model owner/name --out /shared/vectors --ray --address ray://head:10001

    reseen embed tracks.csv --model runs/mine --out vectors --videos recordings --images 16
    """
    of_tracks = (frames, videos, frame_rate, first_frame, offset, images)
    if tracks or frames is not None or videos:
        if ray or metadata or address is not None:
            raise ReseenError("embed: tracks are embedded without --ray, --address and --metadata; leave them out")
        from reseen.retrieval.embed_tracks import embed_tracks

        progress = progress_for(quiet=quiet)
        embedder = embedder_for(model, device=device, progress=progress, decode=decode)
        found = embed_tracks(
            source,
            out,
            embedder=embedder,
            frames=frames_given(frames, videos, first_frame),
            images=images,
            offsets=offsets_of(offset),
            rate=frame_rate,
            batch=batch,
            chunk=chunk,
            progress=progress,
        )
        for note in found.notes:
            say(f"note: {note}")
        say(f"one vector of each of {found.tracks:,} tracks -> {out / 'tracks.parquet'}")
        _tell(found.job, embedder, out)
        return
    if any(option is not None for option in of_tracks):
        raise ReseenError("embed: --frame-rate, --first-frame, --offset and --images are for tracks; add --tracks")
    if address is not None and not ray:
        raise ReseenError("embed: --address names a Ray cluster; add --ray")
    from reseen.retrieval.job import embed_images

    progress = progress_for(quiet=quiet)
    embedder = embedder_for(model, device=device, progress=progress, decode=decode)
    runner = None
    if ray:
        os.environ.setdefault("RAY_DATA_LOG_LEVEL", "ERROR")  # else it logs every step of its plan
        from reseen.retrieval.on_ray import on_ray

        runner = on_ray(embedder, out, batch=batch, device=device, address=address)
    done = embed_images(
        source, out, embedder=embedder, runner=runner, batch=batch, chunk=chunk, metadata=metadata, progress=progress
    )
    _tell(done, embedder, out)


def _tell(done: "JobDone", embedder: "Embedder", out: Path) -> None:
    there = f", {done.before:,} were there before" if done.before else ""
    small = ", large JPEG files decoded small" if embedder.decode == "scaled" else ""
    say(f"{done.embedded:,} embeddings of {embedder.width} numbers -> {out}{there}{small}")
    if done.failures:
        say(f"{len(done.failures):,} images failed: {out / 'failures.csv'}")
