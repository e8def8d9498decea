"""The sources of an evaluation: a run, a weights file with a data set, or two files of embeddings."""

from pathlib import Path
from typing import NamedTuple, TypeAlias

from reseen.engine.run import Run, open_run
from reseen.errors import ReseenError
from reseen.metrics import Embedded
from reseen.tasks.reid.query_gallery import QueryGallery

WEIGHTS, EMBEDDINGS = ".safetensors", ".parquet"


class Weights(NamedTuple):
    """A weights file, and the data set to embed with it."""

    path: Path
    data: Path


class Files(NamedTuple):
    """Files of query and gallery embeddings."""

    query: Path
    gallery: Path


Source: TypeAlias = Run | Weights | Files


def source_of(source: Run | Path | str, gallery: Path | str | None, *, data: Path | str | None) -> Source:
    """The source that the arguments name. ReseenError for none, or half of one."""
    if isinstance(source, Run):
        return source
    path = Path(source)
    if gallery is not None:
        return _files(path, Path(gallery), data=data)
    if path.suffix == EMBEDDINGS:
        raise ReseenError(f"{path}: one file of embeddings alone; expected two, QUERY.parquet and GALLERY.parquet")
    if path.suffix == WEIGHTS:
        if data is None:
            raise ReseenError(f"{path}: weights alone have no images; say with --data which data set to embed")
        return Weights(path, Path(data))
    if path.is_file():
        raise ReseenError(
            f"{path}: expected a run's folder, weights ({WEIGHTS}) with --data, or two files of embeddings "
            f"({EMBEDDINGS}), got a file {path.suffix or 'without a suffix'}"
        )
    return open_run(path)


def load_query_gallery(files: Files) -> QueryGallery:
    """Read both files. ReseenError for embeddings of different widths."""
    query, gallery = (_load(path) for path in files)
    if query.width != gallery.width:
        raise ReseenError(
            f"{files.query} has vectors of {query.width} numbers, {files.gallery} of {gallery.width}: embed both with "
            "one model"
        )
    return QueryGallery(query, gallery)


def _files(query: Path, gallery: Path, *, data: Path | str | None) -> Files:
    if query.is_dir() and gallery.is_dir():
        raise ReseenError(f"{query} and {gallery}: one run at a time; `reseen compare` takes two")
    for path in (query, gallery):
        if path.suffix != EMBEDDINGS:
            raise ReseenError(
                f"{path}: expected a file of embeddings ({EMBEDDINGS}) beside another, got something else"
            )
    if data is not None:
        raise ReseenError("--data says which images to embed, and two files of embeddings need none: leave it out")
    return Files(query, gallery)


def _load(path: Path) -> Embedded:
    try:
        return Embedded.load(path)
    except ReseenError as error:
        reason = str(error)
        raise ReseenError(reason if reason.startswith(str(path)) else f"{path}: {reason}") from None
