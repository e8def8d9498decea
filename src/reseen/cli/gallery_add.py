"""`reseen gallery add`."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import typer

from reseen.cli.console import progress_for, say
from reseen.cli.filters import GalleryAddress
from reseen.cli.options import (
    Address,
    Decode,
    Device,
    NetworkSource,
    Processes,
    Quiet,
    Ray,
    embedder_for,
    given,
    ray_pool,
)
from reseen.errors import ReseenError
from reseen.progress import Progress

if TYPE_CHECKING:
    from reseen.retrieval.embedder import Embedder
    from reseen.retrieval.gallery import Gallery
    from reseen.retrieval.ray_pool import RayPool
    from reseen.retrieval.record import Added, Failure, Record
    from reseen.retrieval.sources import RecordSource

_SHOWN_FAILURES = 10
_SHOWN_SUGGESTIONS = 50
_VECTORS_A_COMMIT = 4096
"""Records a commit, of embeddings that exist already and cost nothing to add again."""


def add(  # noqa: PLR0913 - one parameter an option
    gallery: GalleryAddress,
    source: Annotated[
        list[Path],
        typer.Argument(help="Images, folders of images, .csv or .parquet tables, or folders of `reseen embed`."),
    ],
    *,
    model: NetworkSource = "efficientnet_lite0",
    device: Device = "cpu",
    decode: Decode = None,
    split: Annotated[
        Literal["train", "query", "gallery"] | None,
        typer.Option(help="Read each source as a data set, as `reseen check` does, and add this split."),
    ] = None,
    identity: Annotated[str | None, typer.Option(help="The identity of all images.")] = None,
    camera: Annotated[str | None, typer.Option(help="The camera of all images.")] = None,
    time: Annotated[
        str | None, typer.Option(help="The time of all images, as 2026-05-01T12:30+02:00; UTC by default.")
    ] = None,
    attributes: Annotated[
        bool,
        typer.Option(
            "--attributes", help="Predict attributes, such as colour, as fields of images that come without them."
        ),
    ] = False,
    batch: Annotated[
        int, typer.Option(min=1, help="Images a commit; a stopped command repeats at most one commit.")
    ] = 64,
    suggest: Annotated[
        bool, typer.Option("--suggest", help="Say whom each image without identity probably shows; never sets it.")
    ] = False,
    ray: Ray = False,
    address: Address = None,
    processes: Processes = None,
    quiet: Quiet = False,
) -> None:
    """Add images to a gallery, which is created if needed; records that it holds already are left alone.

    A table has a column path and may have identity, camera, time, and left, top, right, bottom of a box; its other
    columns become fields to search by. Ctrl-C keeps what was added; the same command continues.

    [bold]Examples[/bold]

    reseen gallery add cars photos --model runs/mine --camera "gate 2"

    reseen gallery add cars sightings.csv --model runs/mine

    reseen gallery add cars VeRi --split gallery --model runs/mine

    reseen gallery add s3://bucket/cars vectors

    reseen gallery add cars photos --model runs/mine --attributes

    reseen gallery add s3://bucket/cars s.parquet --model runs/mine --batch 1024 --ray --address head:6379
    """
    from reseen.engine.interrupt import Stopped
    from reseen.retrieval.sources import read_source

    pool = ray_pool(ray=ray, device=device, address=address, processes=processes)
    common = _common_values(identity=identity, camera=camera, time=time)
    progress = progress_for(quiet=quiet)
    sources = [read_source(path, split=split) for path in source]
    images = any(part.model is None for part in sources)
    embedder = embedder_for(model, device=device, progress=progress, decode=decode) if images else None
    if attributes:
        _require_images(source, sources)
        if embedder is not None:
            embedder.require_attributes()
    opened, total, stopped = _add_all(
        gallery,
        sources,
        embedder=embedder,
        common=common,
        options=_AddOptions(batch, attributes, suggest, pool),
        progress=progress,
    )
    if stopped:
        raise Stopped(f"{total.added:,} records were added and are safe; the same command continues")
    opened.compact()
    _tell(gallery, total, held=len(opened))


def _common_values(*, identity: str | None, camera: str | None, time: str | None) -> dict[str, Any]:
    """The values that all records get."""
    from reseen.retrieval.sources import read_time

    return given(identity=identity, camera=camera, time=None if time is None else read_time(time))


def _require_images(paths: "Sequence[Path]", sources: "Sequence[RecordSource]") -> None:
    """ReseenError for the first source of vectors: attributes are predicted from images."""
    for path, part in zip(paths, sources, strict=True):
        if part.model is not None:
            raise ReseenError(
                f"--attributes: {path} holds vectors, and attributes are predicted from images; add the images"
            )


class _AddOptions(NamedTuple):
    """How records are added, as `Gallery.add` says."""

    batch: int
    attributes: bool
    suggest: bool
    pool: "RayPool | None"


class _AllAdded(NamedTuple):
    gallery: "Gallery"
    total: "Added"
    stopped: bool


def _add_all(
    gallery: str,
    sources: "Sequence[RecordSource]",
    *,
    embedder: "Embedder | None",
    common: dict[str, Any],
    options: _AddOptions,
    progress: Progress,
) -> _AllAdded:
    """Add the records of all sources, until a stop is requested."""
    from reseen.engine.interrupt import stop_requests
    from reseen.retrieval.gallery import Gallery
    from reseen.retrieval.record import summed

    done = []
    bar_of_all = progress.bar("add", total=sum(part.total for part in sources))
    with stop_requests() as stop_asked, bar_of_all as bar, options.pool or nullcontext():
        for part in sources:
            opened = Gallery(gallery, embedder=embedder, model=part.model, create=True)
            size = options.batch if part.model is None else max(options.batch, _VECTORS_A_COMMIT)
            records = _until(stop_asked, part.records, common=common)
            how = options._replace(batch=size)
            done.append(opened.add(records, on_error="skip", progress=bar.advance, **how._asdict()))
    return _AllAdded(opened, summed(done), stop_asked())


def _until(
    stop_asked: Callable[[], bool], records: "Iterable[Record]", *, common: dict[str, Any]
) -> "Iterator[Record]":
    """The records with the ``common`` values, until a stop is requested."""
    for record in records:
        if stop_asked():
            return
        yield replace(record, **common)


def _tell(gallery: str, total: "Added", *, held: int) -> None:
    there = f", {total.present:,} were there before" if total.present else ""
    say(
        f"{gallery}: {total.added:,} records added{there}; it holds {held:,}",
        *_predicted_lines(total),
        *_failure_lines(total.failures),
    )
    if total.suggestions:
        say(*_suggestion_lines(total))


def _predicted_lines(total: "Added") -> list[str]:
    """What was predicted of the new records, and of how many of them it had been given."""
    if not total.predicted:
        return []
    counts = ", ".join(f"{name} of {count:,}" for name, count in total.predicted.items())
    return [f"predicted: {counts}; a field with a given value was left alone"]


def _suggestion_lines(total: "Added") -> list[str]:
    """Whom the records probably show, by their ids."""
    told = [f"  {id_}: {who}" for id_, who in zip(total.ids, total.suggestions, strict=True) if who is not None]
    more = [f"  and {len(told) - _SHOWN_SUGGESTIONS:,} more"] if len(told) > _SHOWN_SUGGESTIONS else []
    if not told:
        return ["nobody to suggest: all have an identity, or no other record has one"]
    heading = "nothing was set; `reseen gallery update` and `discover` set identities:"
    return [heading, *told[:_SHOWN_SUGGESTIONS], *more]


def _failure_lines(failures: "Sequence[Failure]") -> list[str]:
    if not failures:
        return []
    shown = [f"  {failure.reason}" for failure in failures[:_SHOWN_FAILURES]]
    more = ["  ..."] if len(failures) > _SHOWN_FAILURES else []
    return [f"{len(failures):,} images could not be added:", *shown, *more]
