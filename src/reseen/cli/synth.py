"""`reseen synth`."""

from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from reseen.cli.console import progress_for, say
from reseen.cli.options import Quiet, Seed
from reseen.errors import ReseenError
from reseen.progress import ProgressCallback, as_callback

_TOWN = "Of a crossing"


def synth(  # noqa: PLR0913 - one parameter an option
    kind: Annotated[Literal["vehicle", "person", "scene", "crossing"], typer.Argument(help="What to render.")],
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
    vehicles: Annotated[
        int | None,
        typer.Option(help="Vehicles that drive through the town; 60.", rich_help_panel=_TOWN, show_default=False),
    ] = None,
    persons: Annotated[
        int | None,
        typer.Option(help="Persons who walk through it; 0.", rich_help_panel=_TOWN, show_default=False),
    ] = None,
    cameras: Annotated[
        int | None, typer.Option(help="Cameras that watch it; 6.", rich_help_panel=_TOWN, show_default=False)
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(help="How long they watch; 10.", rich_help_panel=_TOWN, show_default=False)
    ] = None,
    rate: Annotated[
        float | None, typer.Option(help="Frames a second; 5.", rich_help_panel=_TOWN, show_default=False)
    ] = None,
    fragments: Annotated[
        float | None,
        typer.Option(
            help="Share of passes that the tracker breaks into two tracks; 0.15.",
            rich_help_panel=_TOWN,
            show_default=False,
        ),
    ] = None,
    switches: Annotated[
        float | None,
        typer.Option(
            help="Share of pairs of passes at the same time that exchange their tracks; 0.1.",
            rich_help_panel=_TOWN,
            show_default=False,
        ),
    ] = None,
    false_tracks: Annotated[
        float | None,
        typer.Option(
            help="Tracks around nobody, as a share of the passes; 0.1.", rich_help_panel=_TOWN, show_default=False
        ),
    ] = None,
    jitter: Annotated[
        float | None,
        typer.Option(
            help="Deviation of a box's edges, as a share of its size; 0.03.", rich_help_panel=_TOWN, show_default=False
        ),
    ] = None,
    missed: Annotated[
        float | None,
        typer.Option(help="Share of boxes that the tracker misses; 0.05.", rich_help_panel=_TOWN, show_default=False),
    ] = None,
    seed: Seed = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes that render.")] = 2,
    quiet: Quiet = False,
) -> None:
    """Render a synthetic data set.

    Vehicles come in VeRi-776's layout, persons in Market-1501's, scenes in Cityscapes', and a crossing, which is a
    town of cameras with the tracks of its vehicles and persons, in CityFlow's.

    [bold]Examples[/bold]

    reseen synth vehicle data/vehicles

    reseen synth person data/persons --identities 200 --images 4000 --image-size 256

    reseen synth vehicle data/veri-size --identities 776 --images 50000 --image-size 256 --masks

    reseen synth scene data/scenes

    reseen synth crossing data/crossing --vehicles 60 --cameras 6 --minutes 10

    reseen synth crossing data/walkers --vehicles 30 --persons 30
    """
    of_kind = {
        "individuals": _given(identities=identities, masks=masks or None),
        "crossing": _given(vehicles=vehicles, persons=persons, cameras=cameras, minutes=minutes, rate=rate)
        | _given(fragments=fragments, switches=switches, false_tracks=false_tracks, jitter=jitter, missed=missed),
    }
    common = _given(image_size=image_size) | {"seed": seed, "workers": workers}
    twin_options, image_options = _given(twins=twins), _given(images=images)
    with as_callback(
        progress_for(quiet=quiet), "render crops" if kind == "crossing" else f"render {kind}s"
    ) as progress:
        if kind == "crossing":
            _refuse(
                of_kind["individuals"] | image_options, "a crossing has --vehicles, --persons, --cameras and --minutes"
            )
            line = _crossing(out, {**common, **of_kind["crossing"], **twin_options}, progress=progress)
        elif kind == "scene":
            _refuse(of_kind["individuals"] | twin_options, "scenes have no identities")
            _refuse(of_kind["crossing"], "it is an option of a crossing")
            line = _scenes(out, {**common, **image_options}, progress=progress)
        else:
            _refuse(of_kind["crossing"], "it is an option of a crossing")
            settings = {**common, **image_options, **of_kind["individuals"], **twin_options}
            line = _individuals(kind, out, settings, progress=progress)
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


def _crossing(out: Path, settings: dict[str, Any], *, progress: ProgressCallback) -> str:
    import reseen
    from reseen.synth import TrackerNoise

    names = {field.name for field in fields(TrackerNoise)}
    noise = TrackerNoise(**{name: value for name, value in settings.items() if name in names})
    others = {name: value for name, value in settings.items() if name not in names}
    result = reseen.synthesise_crossing(out, **others, noise=noise, progress=progress)
    counts = {"vehicles": result.identities - result.persons, "persons": result.persons}
    seen = " and ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    return (
        f"{result.root}: {result.tracks} tracks ({result.boxes} boxes) of {result.cameras} cameras, "
        f"{seen} that at least two of them saw, in the layout cityflow"
    )


def _refuse(options: dict[str, Any], reason: str) -> None:
    """ReseenError for an option that this kind does not have."""
    if options:
        raise ReseenError(f"--{next(iter(options)).replace('_', '-')}: {reason}; leave it out")


def _given(**options: object) -> dict[str, Any]:
    """The options that were given; the others keep the defaults of their kind."""
    return {name: value for name, value in options.items() if value is not None}
