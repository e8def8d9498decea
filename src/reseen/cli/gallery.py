"""`reseen gallery`: add, search, update, delete, forget, info, compact."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Table

from reseen.cli.options import Device, NetworkSource, Quiet, progress_for, results
from reseen.cli.search import search
from reseen.cli.wishes import Before, GalleryAddress, read_changes

if TYPE_CHECKING:
    from reseen.retrieval.gallery import Gallery
    from reseen.retrieval.record import Failure, Record

_SHOWN_FAILURES = 10


def gallery_commands() -> typer.Typer:
    """The commands under `reseen gallery`."""
    app = typer.Typer(help="Keep a gallery of who was seen where and when.", no_args_is_help=True)
    for command in (add, search, info, update, delete, forget, compact):
        app.command()(command)
    return app


def add(  # noqa: PLR0913 - one parameter an option
    gallery: GalleryAddress,
    source: Annotated[
        list[Path],
        typer.Argument(help="Pictures, folders of them, .csv or .parquet tables, or what `reseen embed` wrote."),
    ],
    *,
    model: NetworkSource = "efficientnet_lite0",
    device: Device = "cpu",
    split: Annotated[
        Literal["train", "query", "gallery"] | None,
        typer.Option(help="Each source is a data set, as `reseen check` reads them; add this part of it."),
    ] = None,
    identity: Annotated[str | None, typer.Option(help="Whom all of the pictures show.")] = None,
    camera: Annotated[str | None, typer.Option(help="Which camera took all of them.")] = None,
    time: Annotated[str | None, typer.Option(help="When, as 2026-05-01T12:30+02:00; UTC by default.")] = None,
    batch: Annotated[
        int, typer.Option(min=1, help="Pictures a commit; a stopped command does at most one again.")
    ] = 64,
    quiet: Quiet = False,
) -> None:
    """Add pictures to a gallery, which is made if it is not there; what it holds already is left alone.

    A table has a column path and may have identity, camera, time, and left, top, right, bottom of a box; its other
    columns become fields to search by. Ctrl-C keeps what was added; the same command goes on.

    [bold]Examples[/bold]

    reseen gallery add cars photos --model runs/mine --camera "gate 2"

    reseen gallery add cars sightings.csv --model runs/mine

    reseen gallery add cars VeRi --split gallery --model runs/mine

    reseen gallery add s3://bucket/cars vectors
    """
    from reseen.engine.interrupt import Stopped, stop_requests
    from reseen.retrieval.gallery import Gallery
    from reseen.retrieval.record import summed
    from reseen.retrieval.sources import read_source, read_time

    said = {"identity": identity, "camera": camera, "time": None if time is None else read_time(time)}
    common = {name: value for name, value in said.items() if value is not None}
    progress = progress_for(quiet=quiet)
    sources = [read_source(path, split=split) for path in source]
    embedder = None
    if any(one.model is None for one in sources):
        from reseen.retrieval.embedder import Embedder

        embedder = Embedder.from_pretrained(model, device=device)
        if embedder.note:
            progress.say(embedder.note)
    done = []
    with stop_requests() as asked, progress.bar("add", total=sum(one.total for one in sources)) as bar:
        for one in sources:
            opened = Gallery(gallery, embedder=embedder, model=one.model, create=True)
            records = (replace(record, **common) for record in _until(asked, one.records))  # type: ignore[arg-type]
            size = batch if one.model is None else max(batch, 4096)
            done.append(opened.add(records, batch=size, on_error="skip", progress=bar.advance))
    total = summed(done)
    if asked():
        raise Stopped(f"{total.added:,} records were added and are safe; the same command goes on")
    opened.compact()
    there = f", {total.present:,} were there before" if total.present else ""
    _say(f"{gallery}: {total.added:,} records added{there}; it holds {len(opened):,}")
    _say_failures(total.failures)


def info(gallery: GalleryAddress) -> None:
    """A gallery in numbers: records, identities, cameras, times, fields, model.

    [bold]Example[/bold]

    reseen gallery info cars
    """
    held = _open(gallery).info()
    table = Table(show_header=False, title=gallery, title_justify="left")
    span = (
        f"{held.earliest:%Y-%m-%d %H:%M} to {held.latest:%Y-%m-%d %H:%M} UTC" if held.earliest and held.latest else ""
    )
    fields = ", ".join(f"{name} ({kind})" for name, kind in held.fields.items())
    threshold = "none: every match is shown as it is" if held.threshold is None else f"{held.threshold:.4f}"
    index = f"{held.indexed:,} records" if held.indexed else "none: it does not pay yet"
    for name, value in (
        ("records", f"{held.records:,}"),
        ("identities", f"{held.identities:,}"),
        ("cameras", f"{len(held.cameras)}: {', '.join(held.cameras)}" if held.cameras else "none named"),
        ("times", span or "none"),
        ("fields", fields or "none"),
        ("model", f"{held.model}, vectors of {held.width} numbers"),
        ("threshold", threshold),
        ("index", index),
        ("size", f"{held.bytes / 1e6:,.1f} MB"),
    ):
        table.add_row(name, value)
    results().print(table, highlight=False, markup=False)


def update(
    gallery: GalleryAddress,
    ids: Annotated[list[str], typer.Argument(help="Records, by the ids that a search shows with --json.")],
    *,
    set_: Annotated[
        list[str], typer.Option("--set", metavar="COLUMN=VALUE", help="identity, camera, time, picture or a field.")
    ],
) -> None:
    """Change what is said of records; an empty value takes it away.

    [bold]Example[/bold]

    reseen gallery update cars 0f3c... --set identity="van 12" --set camera=
    """
    opened = _open(gallery)
    _say(f"{opened.update(ids, read_changes(set_, opened.fields())):,} records changed")


def delete(gallery: GalleryAddress, ids: Annotated[list[str], typer.Argument(help="Records, by their ids.")]) -> None:
    """Take records out of every answer; `reseen gallery forget` also removes their bytes.

    [bold]Example[/bold]

    reseen gallery delete cars 0f3c... 77a1...
    """
    _say(f"{_open(gallery).delete(ids):,} records deleted")


def forget(
    gallery: GalleryAddress,
    *,
    identity: Annotated[str | None, typer.Option(help="Whom to forget.")] = None,
    camera: Annotated[str | None, typer.Option(help="Forget what this camera saw.")] = None,
    before: Before = None,
    ids: Annotated[list[str], typer.Option("--id", help="Forget this record; may be given again.")] = [],  # noqa: B006
) -> None:
    """Remove records and every byte of them from the gallery's files, for good; all that is said must fit.

    The gallery is written anew, so this takes as long as copying it. Picture files that records refer to stay.

    [bold]Examples[/bold]

    reseen gallery forget cars --identity "van 12"

    reseen gallery forget cars --camera "gate 2" --before 2026-05-01
    """
    from reseen.retrieval.sources import read_time

    opened = _open(gallery)
    limit = None if before is None else read_time(before)
    count = opened.forget(identity=identity, camera=camera, before=limit, ids=ids or None)
    _say(f"{count:,} records forgotten; {gallery} holds {len(opened):,}")


def compact(gallery: GalleryAddress) -> None:
    """Merge small files, remove older versions, build or refresh the index where it pays.

    [bold]Example[/bold]

    reseen gallery compact cars
    """
    opened = _open(gallery)
    opened.compact()
    held = opened.info()
    _say(f"{gallery}: {held.records:,} records in {held.bytes / 1e6:,.1f} MB, {held.indexed:,} of them in the index")


def _open(gallery: str) -> "Gallery":
    from reseen.retrieval.gallery import Gallery

    return Gallery(gallery)


def _until(asked: Callable[[], bool], records: "Iterable[Record]") -> "Iterator[Record]":
    for record in records:
        if asked():
            return
        yield record


def _say_failures(failures: "tuple[Failure, ...]") -> None:
    if not failures:
        return
    _say(f"{len(failures):,} pictures could not be added:")
    for failure in failures[:_SHOWN_FAILURES]:
        _say(f"  {failure.reason}")
    if len(failures) > _SHOWN_FAILURES:
        _say("  ...")


def _say(line: str) -> None:
    results().print(line, highlight=False, markup=False, soft_wrap=True)
