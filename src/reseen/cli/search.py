"""`reseen search`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from reseen.cli.console import progress_for, results, say
from reseen.cli.filters import After, Before, Cameras, Where, read_filters
from reseen.cli.options import Device, NetworkSource, Quiet, embedder_for

if TYPE_CHECKING:
    from PIL import Image

    from reseen.draw import Tile
    from reseen.draw.sheet import Kind
    from reseen.retrieval.gallery import Gallery
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
    if opened.note and not exact:
        say(f"{opened.note} (`reseen gallery compact` brings the index up to date)")
    write_png(sheet, _drawn(opened, images[:_ROWS], all_matches[:_ROWS]))
    say(f"sheet: {sheet}")
    if json is not None:
        write_json(json, [_as_dict(path, matches) for path, matches in zip(images, all_matches, strict=True)])


def _table(path: Path, matches: "Matches") -> Table:
    """A row a match; empty columns are left out."""
    from rich.text import Text

    rows = [_words(rank, match) for rank, match in enumerate(matches, start=1)]
    columns = [name for name in (rows[0] if rows else ()) if any(row[name] for row in rows)]
    table = Table(*columns, title=Text(f"{path}: {_verdict(matches)}"), title_justify="left")
    for row, match in zip(rows, matches, strict=True):
        table.add_row(*(Text(row[name]) for name in columns), style="dim" if match.known is False else "")
    return table


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


def _in_short(matches: "Matches") -> str:
    return "" if matches.known is None else matches.identity


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _drawn(gallery: "Gallery", images: Sequence[Path], all_matches: "Sequence[Matches]") -> "Image.Image":
    """A row a query; matches from the threshold up are ticked, others crossed; without a threshold all are plain."""
    from reseen.data.opening import open_image
    from reseen.draw import Tile, draw_sheet

    opened = [open_image(path) for path in images]
    rows = [
        [Tile(image, "query", path.name, _in_short(matches)), *_tiles(gallery, matches)]
        for image, path, matches in zip(opened, images, all_matches, strict=True)
    ]
    return draw_sheet(rows, columns=["query", *(str(rank) for rank in range(1, max(map(len, rows))))])


def _tiles(gallery: "Gallery", matches: "Matches") -> "Iterator[Tile]":
    from reseen.draw import Tile

    for match in matches:
        kind: Kind = "query" if match.known is None else ("match" if match.known else "other")
        camera = "cam ?" if match.camera is None else f"cam {match.camera}"
        yield Tile(_image_of(gallery, match), kind, match.identity or "?", f"{camera} · {match.similarity:.3f}")


def _image_of(gallery: "Gallery", match: "Match") -> "Image.Image":
    """The thumbnail, else the file that the record refers to, else an empty card."""
    from PIL import Image

    from reseen.data.opening import DEFAULT_LIMITS, open_image
    from reseen.errors import ReseenError

    small = gallery.thumbnail(match.id)
    if small is not None:
        return open_image(small, limits=DEFAULT_LIMITS)
    try:
        image = open_image(match.picture or "", limits=DEFAULT_LIMITS)
        return image if match.box is None else image.crop(match.box)
    except ReseenError:
        return Image.new("RGB", (96, 96), (226, 229, 233))


def _as_dict(path: Path, matches: "Matches") -> dict[str, Any]:
    entries = [{**match._asdict(), "time": match.time and match.time.isoformat()} for match in matches]
    verdict = {name: getattr(matches, name) for name in ("known", "identity", "threshold", "judged_by", "exact")}
    return {"picture": str(path), **verdict, "matches": entries}
