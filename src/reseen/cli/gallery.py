"""`reseen gallery`: add, search, update, discover, delete, forget, info, compact."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from reseen.cli.console import results, say
from reseen.cli.discover import discover
from reseen.cli.filters import Before, GalleryAddress, read_changes
from reseen.cli.gallery_add import add
from reseen.cli.search import search

if TYPE_CHECKING:
    from reseen.retrieval.gallery import Gallery
    from reseen.retrieval.info import Info


def gallery_commands() -> typer.Typer:
    """The commands under `reseen gallery`."""
    app = typer.Typer(help="Keep a gallery of individuals, with places and times.", no_args_is_help=True)
    for command in (add, search, info, update, discover, delete, forget, compact):
        app.command()(command)
    return app


def info(gallery: GalleryAddress) -> None:
    """A gallery in numbers: records, identities, cameras, times, fields, model.

    [bold]Example[/bold]

    reseen gallery info cars
    """
    opened = _open(gallery)
    held = opened.info()
    table = Table(show_header=False, title=gallery, title_justify="left")
    span = (
        f"{held.earliest:%Y-%m-%d %H:%M} to {held.latest:%Y-%m-%d %H:%M} UTC" if held.earliest and held.latest else ""
    )
    fields = ", ".join(f"{name} ({kind})" for name, kind in held.fields.items())
    for name, value in (
        ("records", f"{held.records:,}"),
        ("identities", f"{held.identities:,}"),
        ("cameras", f"{len(held.cameras)}: {', '.join(held.cameras)}" if held.cameras else "none named"),
        ("times", span or "none"),
        ("fields", fields or "none"),
        ("model", f"{held.model}, embeddings of {held.width} numbers"),
        ("searches", opened.judged_by),
        ("two images", "no threshold" if held.threshold is None else f"threshold {held.threshold:.4f}"),
        ("index", _index(held)),
        ("size", f"{held.bytes / 1e6:,.1f} MB"),
        ("caches", f"{held.index_cache >> 20:,} MB of the index, {held.metadata_cache >> 20:,} MB of metadata"),
        *((("note", note),) if (note := opened.note) else ()),
    ):
        table.add_row(name, value)
    results().print(table, highlight=False)


def _index(held: "Info") -> str:
    """The kind of the index, what it covers and what it finds."""
    if not held.index_kind:
        return "none"
    share = 100 * held.indexed / max(1, held.records)
    covered = f"{held.index_kind}, {held.indexed:,} records ({share:.1f} %), {held.index_bytes / 1e6:,.1f} MB"
    if held.index_kind == "IvfFlat":
        return f"{covered}; searches are exact"
    return f"{covered}; finds {held.recall:.3f} of the ten nearest, with filters {held.filtered_recall:.3f}"


def update(
    gallery: GalleryAddress,
    ids: Annotated[list[str], typer.Argument(help="Records, by the ids that a search shows with --json.")],
    *,
    set_: Annotated[
        list[str], typer.Option("--set", metavar="COLUMN=VALUE", help="identity, camera, time, image or a field.")
    ],
) -> None:
    """Change values of records; an empty value removes one.

    [bold]Example[/bold]

    reseen gallery update cars 0f3c... --set identity="van 12" --set camera=
    """
    opened = _open(gallery)
    say(f"{opened.update(ids, read_changes(set_, opened.fields())):,} records changed")


def delete(gallery: GalleryAddress, ids: Annotated[list[str], typer.Argument(help="Records, by their ids.")]) -> None:
    """Delete records from all answers; `reseen gallery forget` also removes their bytes.

    [bold]Example[/bold]

    reseen gallery delete cars 0f3c... 77a1...
    """
    say(f"{_open(gallery).delete(ids):,} records deleted")


def forget(
    gallery: GalleryAddress,
    *,
    identity: Annotated[str | None, typer.Option(help="Forget this identity.")] = None,
    camera: Annotated[str | None, typer.Option(help="Forget what this camera saw.")] = None,
    before: Before = None,
    ids: Annotated[list[str], typer.Option("--id", help="Forget this record; may be given again.")] = [],  # noqa: B006
) -> None:
    """Remove the records that fit all options, and every byte of them, from the gallery's files for good.

    The files that hold them are written anew, once merged of 16,384 to 32,767 records. Image files that records refer
    to stay.

    [bold]Examples[/bold]

    reseen gallery forget cars --identity "van 12"

    reseen gallery forget cars --camera "gate 2" --before 2026-05-01
    """
    from reseen.retrieval.sources import read_time

    opened = _open(gallery)
    limit = None if before is None else read_time(before)
    count = opened.forget(identity=identity, camera=camera, before=limit, ids=ids or None)
    say(f"{count:,} records forgotten; {gallery} holds {len(opened):,}", *([note] if (note := opened.note) else []))


def compact(gallery: GalleryAddress) -> None:
    """Merge small files, remove older versions, and build or refresh the index where it pays.

    [bold]Example[/bold]

    reseen gallery compact cars
    """
    opened = _open(gallery)
    opened.compact()
    held = opened.info()
    say(f"{gallery}: {held.records:,} records in {held.bytes / 1e6:,.1f} MB, {held.indexed:,} of them in the index")


def _open(gallery: str) -> "Gallery":
    from reseen.retrieval.gallery import Gallery

    return Gallery(gallery, upkeep=False)
