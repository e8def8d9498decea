"""`reseen gallery add`."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from reseen.cli.console import progress_for, say
from reseen.cli.filters import GalleryAddress
from reseen.cli.options import Device, NetworkSource, Quiet, embedder_for

if TYPE_CHECKING:
    from reseen.retrieval.record import Added, Failure, Record

_SHOWN_FAILURES = 10
_VECTORS_A_COMMIT = 4096
"""Of vectors that were made before, which cost nothing to do again."""


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
    pictures = any(one.model is None for one in sources)
    embedder = embedder_for(model, device=device, progress=progress) if pictures else None
    done = []
    with stop_requests() as asked, progress.bar("add", total=sum(one.total for one in sources)) as bar:
        for one in sources:
            opened = Gallery(gallery, embedder=embedder, model=one.model, create=True)
            size = batch if one.model is None else max(batch, _VECTORS_A_COMMIT)
            records = _until(asked, one.records, common=common)
            done.append(opened.add(records, batch=size, on_error="skip", progress=bar.advance))
    total = summed(done)
    if asked():
        raise Stopped(f"{total.added:,} records were added and are safe; the same command goes on")
    opened.compact()
    _tell(gallery, total, held=len(opened))


def _until(asked: Callable[[], bool], records: "Iterable[Record]", *, common: dict[str, Any]) -> "Iterator[Record]":
    """The records, with what is said of all of them, until someone asks to stop."""
    for record in records:
        if asked():
            return
        yield replace(record, **common)


def _tell(gallery: str, total: "Added", *, held: int) -> None:
    there = f", {total.present:,} were there before" if total.present else ""
    say(f"{gallery}: {total.added:,} records added{there}; it holds {held:,}", *_failure_lines(total.failures))


def _failure_lines(failures: "Sequence[Failure]") -> list[str]:
    if not failures:
        return []
    shown = [f"  {failure.reason}" for failure in failures[:_SHOWN_FAILURES]]
    more = ["  ..."] if len(failures) > _SHOWN_FAILURES else []
    return [f"{len(failures):,} pictures could not be added:", *shown, *more]
