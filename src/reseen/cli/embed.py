"""`reseen embed`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from reseen.cli.console import progress_for, say
from reseen.cli.options import Decode, Device, NetworkSource, Quiet, embedder_for
from reseen.errors import ReseenError


def embed(  # noqa: PLR0913 - one parameter an option
    source: Annotated[Path, typer.Argument(help="A folder of images, or a .csv or .parquet table with a column path.")],
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
    quiet: Quiet = False,
) -> None:
    """Embed many images: resumable, as Parquet parts, with a table of the images that failed.

    [bold]Examples[/bold]

    reseen embed photos --model runs/mine --out vectors

    reseen embed my.csv --model runs/mine --out vectors --ray

    reseen embed s.parquet --model owner/name --out /shared/vectors --ray --address ray://head:10001
    """
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
    there = f", {done.before:,} were there before" if done.before else ""
    small = ", large JPEG files decoded small" if embedder.decode == "scaled" else ""
    say(f"{done.embedded:,} embeddings of {embedder.width} numbers -> {out}{there}{small}")
    if done.failures:
        say(f"{len(done.failures):,} images failed: {out / 'failures.csv'}")
