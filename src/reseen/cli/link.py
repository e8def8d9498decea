"""`reseen link`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reseen.cli import track_options as track
from reseen.cli.console import progress_for, results, say
from reseen.cli.options import Batch, Device, NetworkSource, Quiet, embedder_for

if TYPE_CHECKING:
    from rich.table import Table

    from reseen.metrics import Estimate
    from reseen.retrieval.linked_tracks import LinkedTracks, Scored

_SHOWN = {
    "idf1": "IDF1",
    "idp": "IDP",
    "idr": "IDR",
    "hota": "HOTA",
    "association": "association (AssA)",
    "detection": "detection (DetA)",
    "purity": "purity",
    "completeness": "completeness",
    "pair_precision": "pairs of tracks: precision",
    "pair_recall": "pairs of tracks: recall",
}


def link(  # noqa: PLR0913 - one parameter an option
    tracks: Annotated[
        Path,
        typer.Argument(help="Tracks of several cameras: a table, CityFlow's layout, or MOT text."),
    ],
    *,
    out: Annotated[Path, typer.Option(help="The folder for the links; after a stop, the same command continues.")],
    model: NetworkSource = "efficientnet_lite0",
    truth: Annotated[
        Path | None, typer.Option(help="The true identities; those that lie with the tracks if left out.")
    ] = None,
    topology: Annotated[
        Path | None,
        typer.Option(
            help="Travel times, .csv or .toml: from, to, shortest, longest (seconds), and kind where one is for a kind."
        ),
    ] = None,
    offset: track.Offsets = None,
    frames: track.Frames = None,
    videos: track.Videos = None,
    frame_rate: track.FrameRate = None,
    first_frame: track.FirstFrame = None,
    caution: Annotated[
        float,
        typer.Option(help="Evidence that a link needs, in nats; above 0 fewer links are made, and fewer wrong ones."),
    ] = 0.0,
    returns: Annotated[
        bool, typer.Option("--returns", help="Individuals may pass one camera several times; as a rule they do not.")
    ] = False,
    images: Annotated[int, typer.Option(min=1, help="Images of a track that are embedded.")] = 16,
    device: Device = "cpu",
    batch: Batch = 16,
    quiet: Quiet = False,
) -> None:
    """Link tracks of many cameras: who is who, with scores where the truth is known.

    [bold]Examples[/bold]

    reseen link crossing --model runs/mine --out linked

    reseen link tracks.csv --model runs/mine --out linked --topology roads.csv --offset c003=-12

    reseen link tracks.csv --model runs/mine --out linked --videos recordings
    """
    from reseen.linking import LinkSettings
    from reseen.report.linking_page import report_linking
    from reseen.retrieval.link_tracks import link_tracks

    progress = progress_for(quiet=quiet)
    offsets = track.offsets_of(offset)
    embedder = embedder_for(model, device=device, progress=progress)
    done = link_tracks(
        tracks,
        out,
        embedder=embedder,
        truth=truth,
        topology=topology,
        offsets=offsets,
        rate=frame_rate,
        frames=track.frames_given(frames, videos, first_frame),
        settings=LinkSettings(caution=caution, returns=returns),
        images=images,
        batch=batch,
        progress=progress,
    )
    tell(done)
    say(f"report: {report_linking(out)}")


def tell(done: "LinkedTracks") -> None:
    """Say how many individuals the tracks are, what to look at, and the scores."""
    identities = done.links["identity"].n_unique()
    say(
        f"{len(done.links):,} tracks of {len(done.tracks.cameras)} cameras are {identities:,} individuals -> "
        f"{done.out / 'links.csv'}"
    )
    say(f"threshold: {done.linking.threshold}")
    for warning in done.warnings:
        say(f"note: {warning}")
    if done.switches:
        say(f"{len(done.switches):,} tracks hold two individuals and were split; see {done.out / 'splits.csv'}")
    if done.failures:
        say(f"{len(done.failures):,} images failed: {done.out / 'vectors' / 'failures.csv'}")
    if done.scores is not None:
        results().print(_table(done.scores))


def _table(scores: "Scored") -> "Table":
    from rich.table import Table

    headings = ("score", "linked over cameras", "95% interval", "all identities", *scores.kinds)
    table = Table(*headings, caption_justify="left")
    for name, shown in _SHOWN.items():
        value: Estimate | None = getattr(scores.several_cameras, name)
        every: Estimate | None = getattr(scores.all_identities, name)
        if value is not None and every is not None:
            cells = [f"{value.value:.3f}", f"{value.low:.3f} to {value.high:.3f}", f"{every.value:.3f}"]
            of_kinds: list[Estimate | None] = [getattr(own, name) for own in scores.kinds.values()]
            cells += ["" if own is None else f"{own.value:.3f}" for own in of_kinds]
            table.add_row(shown, *cells)
    table.caption = "linked over cameras: identities of one camera alone are left out, as the AI City Challenge does"
    if scores.kinds:
        table.caption += f"; {', '.join(scores.kinds)}: the same of each kind by itself"
    return table
