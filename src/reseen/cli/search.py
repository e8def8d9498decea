"""`reseen search`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from reseen.cli.console import progress_for, results, say
from reseen.cli.filters import After, Before, Cameras, Where, read_filters
from reseen.cli.options import Device, NetworkSource, Quiet, embedder_for
from reseen.cli.tables import filled_columns

if TYPE_CHECKING:
    from reseen.retrieval.record import Match, Matches

_ROWS = 20
"""Queries drawn on the sheet; the table has all."""


def search(  # noqa: PLR0913 - one parameter an option
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Query images.")],
    *,
    gallery: Annotated[str, typer.Option(help="A gallery: a folder, or an object store's address.")] = "gallery",
    model: NetworkSource = "efficientnet_lite0",
    device: Device = "cpu",
    k: Annotated[int, typer.Option("-k", "--top", help="Matches of each query.")] = 10,
    camera: Cameras = [],  # noqa: B006 - typer copies it
    after: After = None,
    before: Before = None,
    where: Where = [],  # noqa: B006
    threshold: Annotated[
        float | None,
        typer.Option(
            min=-1,
            max=1,
            help="Similarity from which a match is known; the search threshold of `calibrate` if left out.",
        ),
    ] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Compare every record; a gallery from 200,000 records on has an index.")
    ] = False,
    sheet: Annotated[Path, typer.Option(help="The sheet of queries and matches to write.")] = Path("search.png"),
    json: Annotated[Path | None, typer.Option(help="Also write the matches with all values to this file.")] = None,
    quiet: Quiet = False,
) -> None:
    """Find the same individual in a gallery: a table of ranked matches, and a sheet of their images.

    [bold]Examples[/bold]

    reseen search car.jpg --gallery cars --model runs/mine

    reseen search car.jpg --gallery cars --model runs/mine --camera "gate 2" --after 2026-05-01 --where speed=30..50
    """
    from reseen.cli.search_sheet import draw_matches
    from reseen.draw import write_png
    from reseen.files import write_json
    from reseen.retrieval.gallery import Gallery
    from reseen.retrieval.sources import read_time

    embedder = embedder_for(model, device=device, progress=progress_for(quiet=quiet))
    opened = Gallery(gallery, embedder=embedder, upkeep=False)
    all_matches = opened.search(
        images,
        k=k,
        cameras=camera or None,
        after=None if after is None else read_time(after),
        before=None if before is None else read_time(before),
        where=read_filters(where, opened.fields()),
        threshold=threshold,
        exact=exact,
    )
    for path, matches in zip(images, all_matches, strict=True):
        results().print(_table(path, matches), highlight=False)
    if threshold is None:
        say(opened.judged_by)
    if not exact and (note := opened.note):
        say(note)
    write_png(sheet, draw_matches(opened, images[:_ROWS], all_matches[:_ROWS]))
    say(f"sheet: {sheet}")
    if json is not None:
        write_json(json, [_as_dict(path, matches) for path, matches in zip(images, all_matches, strict=True)])


def _table(path: Path, matches: "Matches") -> Table:
    rows = [_words(rank, match) for rank, match in enumerate(matches, start=1)]
    title = Text(f"{path}: {_verdict(matches)}")
    return filled_columns(rows, title=title, dim=[match.known is False for match in matches])


def _words(rank: int, match: "Match") -> dict[str, str]:
    return {
        "rank": str(rank),
        "similarity": f"{match.similarity:.4f}",
        "identity": match.identity or "",
        "camera": match.camera or "",
        "time (UTC)": "" if match.time is None else f"{match.time:%Y-%m-%d %H:%M:%S}",
        "picture": Path(match.picture or "").name,
        "fields": ", ".join(f"{name}: {_short(value)}" for name, value in match.fields.items()),
    }


def _verdict(matches: "Matches") -> str:
    if not matches:
        return "no record fits"
    if matches.threshold is None:
        return "nearest records; without a search threshold none is called known"
    if not matches.known:
        return f"unknown (best {matches[0].similarity:.4f}, threshold {matches.threshold:.4f})"
    return f"{matches.identity} (threshold {matches.threshold:.4f})"


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _as_dict(path: Path, matches: "Matches") -> dict[str, Any]:
    entries = [{**match._asdict(), "time": match.time and match.time.isoformat()} for match in matches]
    verdict = {name: getattr(matches, name) for name in ("known", "identity", "threshold", "judged_by", "exact")}
    return {"picture": str(path), **verdict, "matches": entries}
