"""`reseen synth`."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from reseen.cli.console import progress_for, say
from reseen.cli.options import Quiet, Seed
from reseen.errors import ReseenError
from reseen.progress import ProgressCallback, as_callback


def synth(  # noqa: PLR0913 - one parameter an option
    kind: Annotated[Literal["vehicle", "person", "scene"], typer.Argument(help="The kind of object to render.")],
    out: Annotated[Path, typer.Argument(help="The folder to write; it must not exist or be empty.")],
    *,
    identities: Annotated[
        int | None, typer.Option(help="How many individuals, training and test together; 120.", show_default=False)
    ] = None,
    images: Annotated[
        int | None, typer.Option(help="How many images in all; 2160, or 400 scenes.", show_default=False)
    ] = None,
    image_size: Annotated[
        int | None,
        typer.Option(
            help="Height in pixels; a vehicle is as wide, a person half, a scene twice as wide; 128, or 256 (scene).",
            show_default=False,
        ),
    ] = None,
    twins: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Share of individuals that have a twin; 0.5.", show_default=False),
    ] = None,
    masks: Annotated[
        bool, typer.Option("--masks", help="Also write masks of the marks that tell twins apart.")
    ] = False,
    seed: Seed = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes that render.")] = 2,
    quiet: Quiet = False,
) -> None:
    """Render a synthetic data set: vehicles in VeRi-776's layout, persons in Market-1501's, scenes in Cityscapes'.

    [bold]Examples[/bold]

    reseen synth vehicle data/vehicles

    reseen synth person data/persons --identities 200 --images 4000 --image-size 256

    reseen synth vehicle data/veri-size --identities 776 --images 50000 --image-size 256 --masks

    reseen synth scene data/scenes
    """
    identity_options = _given(identities=identities, twins=twins, masks=masks or None)
    common = _given(images=images, image_size=image_size) | {"seed": seed, "workers": workers}
    with as_callback(progress_for(quiet=quiet), f"render {kind}s") as progress:
        if kind != "scene":
            line = _individuals(kind, out, {**common, **identity_options}, progress=progress)
        elif identity_options:
            raise ReseenError(f"--{next(iter(identity_options))}: scenes have no identities; leave it out")
        else:
            line = _scenes(out, common, progress=progress)
    say(line)


def _individuals(kind: str, out: Path, settings: dict[str, Any], *, progress: ProgressCallback) -> str:
    import reseen

    settings = {"identities": 120, "images": 2160, **settings}
    result = reseen.synthesise(kind, out, **settings, progress=progress)
    counts = f"(train {result.counts.train}, query {result.counts.query}, gallery {result.counts.gallery})"
    return (
        f"{result.root}: {settings['images']} images of {result.identities} identities, "
        f"{len(result.twins)} pairs of twins, in the layout {result.layout} {counts}"
    )


def _scenes(out: Path, settings: dict[str, Any], *, progress: ProgressCallback) -> str:
    import reseen

    result = reseen.synthesise_scenes(out, **settings, progress=progress)
    counts = f"(train {result.train}, val {result.val})"
    return f"{result.root}: {result.train + result.val} scenes in the layout cityscapes {counts}"


def _given(**options: object) -> dict[str, Any]:
    """The options that were given; the others keep the defaults of their kind."""
    return {name: value for name, value in options.items() if value is not None}
