"""`reseen synth`."""

from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import typer

from reseen.cli import synth_options as asked
from reseen.cli.console import progress_for, say
from reseen.cli.options import Quiet, Seed, given
from reseen.errors import ReseenError
from reseen.progress import ProgressCallback, as_callback


def synth(  # noqa: PLR0913 - one parameter an option
    kind: Annotated[Literal["vehicle", "person", "scene", "crossing"], typer.Argument(help="What to render.")],
    out: Annotated[Path, typer.Argument(help="The folder to write; it must not exist or be empty.")],
    *,
    identities: asked.Identities = None,
    images: asked.Images = None,
    image_size: asked.ImageSize = None,
    twins: asked.Twins = None,
    masks: asked.Masks = False,
    vehicles: asked.Vehicles = None,
    persons: asked.Persons = None,
    cameras: asked.Cameras = None,
    minutes: asked.Minutes = None,
    rate: asked.Rate = None,
    fragments: asked.Fragments = None,
    switches: asked.Switches = None,
    false_tracks: asked.FalseTracks = None,
    jitter: asked.Jitter = None,
    missed: asked.Missed = None,
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
    options = _Options(
        common=given(image_size=image_size, seed=seed, workers=workers),
        identities=given(identities=identities, masks=masks or None),
        images=given(images=images),
        twins=given(twins=twins),
        town=given(vehicles=vehicles, persons=persons, cameras=cameras, minutes=minutes, rate=rate),
        tracker=given(fragments=fragments, switches=switches, false_tracks=false_tracks, jitter=jitter, missed=missed),
    )
    what = "crops" if kind == "crossing" else f"{kind}s"
    with as_callback(progress_for(quiet=quiet), f"render {what}") as progress:
        if kind == "crossing":
            line = _crossing(out, options, progress=progress)
        elif kind == "scene":
            line = _scenes(out, options, progress=progress)
        else:
            line = _individuals(kind, out, options, progress=progress)
    say(line)


class _Options(NamedTuple):
    """The options that were given, by what has them."""

    common: dict[str, Any]
    identities: dict[str, Any]
    images: dict[str, Any]
    twins: dict[str, Any]
    town: dict[str, Any]
    tracker: dict[str, Any]


def _individuals(kind: str, out: Path, options: _Options, *, progress: ProgressCallback) -> str:
    import reseen

    _refuse(options.town | options.tracker, "it is an option of a crossing")
    chosen = options.common | options.images | options.identities | options.twins
    settings = {"identities": 120, "images": 2160, **chosen}
    result = reseen.synthesise(kind, out, **settings, progress=progress)
    counts = f"(train {result.counts.train}, query {result.counts.query}, gallery {result.counts.gallery})"
    return (
        f"{result.root}: {settings['images']} images of {result.identities} identities, "
        f"{len(result.twins)} pairs of twins, in the layout {result.layout} {counts}"
    )


def _scenes(out: Path, options: _Options, *, progress: ProgressCallback) -> str:
    import reseen

    _refuse(options.identities | options.twins, "scenes have no identities")
    _refuse(options.town | options.tracker, "it is an option of a crossing")
    result = reseen.synthesise_scenes(out, **options.common, **options.images, progress=progress)
    counts = f"(train {result.train}, val {result.val})"
    return f"{result.root}: {result.train + result.val} scenes in the layout cityscapes {counts}"


def _crossing(out: Path, options: _Options, *, progress: ProgressCallback) -> str:
    import reseen
    from reseen.synth import TrackerNoise

    _refuse(options.identities | options.images, "a crossing has --vehicles, --persons, --cameras and --minutes")
    settings = options.common | options.town | options.twins
    noise = TrackerNoise(**options.tracker)
    result = reseen.synthesise_crossing(out, **settings, noise=noise, progress=progress)
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
