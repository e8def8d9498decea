"""`reseen synth`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from reseen.cli.options import Quiet, Seed, progress_for, results
from reseen.engine.progress import counted


def synth(  # noqa: PLR0913 - one parameter an option
    kind: Annotated[Literal["vehicle", "person"], typer.Argument(help="What to render.")],
    out: Annotated[Path, typer.Argument(help="The folder to write; it must not exist or be empty.")],
    *,
    identities: Annotated[int, typer.Option(help="How many individuals, training and test together.")] = 120,
    images: Annotated[int, typer.Option(help="How many pictures to render in all.")] = 2160,
    image_size: Annotated[
        int, typer.Option(help="Height in pixels; a vehicle is as wide, a person half as wide.")
    ] = 128,
    twins: Annotated[float, typer.Option(min=0, max=1, help="Share of individuals that have a twin.")] = 0.5,
    masks: Annotated[
        bool, typer.Option("--masks", help="Also write where the marks are that tell twins apart.")
    ] = False,
    seed: Seed = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes that render.")] = 2,
    quiet: Quiet = False,
) -> None:
    """Render a synthetic data set: vehicles in VeRi-776's layout, persons in Market-1501's.

    [bold]Examples[/bold]

    reseen synth vehicle data/vehicles

    reseen synth person data/persons --identities 200 --images 4000 --image-size 256

    reseen synth vehicle data/veri-size --identities 776 --images 50000 --image-size 256 --masks
    """
    import reseen

    with counted(progress_for(quiet=quiet), f"render {kind}s") as progress:
        made = reseen.synthesise(
            kind,
            out,
            identities=identities,
            images=images,
            image_size=image_size,
            seed=seed,
            twins=twins,
            masks=masks,
            workers=workers,
            progress=progress,
        )
    line = (
        f"{made.root}: {images} pictures of {identities} identities, {len(made.twins)} pairs of twins, in the layout "
        f"{made.layout} (train {made.counts.train}, query {made.counts.query}, gallery {made.counts.gallery})"
    )
    results().print(line, highlight=False, markup=False, soft_wrap=True)
