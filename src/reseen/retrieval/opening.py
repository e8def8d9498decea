"""Where a gallery is, and how its table is opened or created there."""

from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import lancedb

from reseen.errors import ReseenError
from reseen.retrieval.schema import GalleryModel, schema_of
from reseen.retrieval.writer_lock import writer_lock

TABLE = "records"
MEMORY = "memory://"
"""How the address of a gallery begins that is in the memory of this process alone."""


class Opened(NamedTuple):
    """LanceDB's connection, and the table of the records."""

    base: Any
    table: Any


def open_table(
    uri: str, *, options: dict[str, str], create: GalleryModel | None, patience: float, session: lancedb.Session
) -> Opened:
    """Open the table, or create an empty one of the model ``create`` where there is none.

    Raises ReseenError where there is none and none is to be made.
    """
    folder = local_folder(uri)
    if folder is not None and create is not None:
        _make(folder)
    if folder is not None and not folder.is_dir():
        raise _missing(uri)
    place = uri if folder is None else str(folder.absolute())  # absolute, because LanceDB reads "a:b" as a protocol
    base = lancedb.connect(place, read_consistency_interval=timedelta(0), storage_options=options, session=session)
    try:
        return Opened(base, base.open_table(TABLE))
    except ValueError as error:
        if "was not found" not in str(error):
            raise
    if create is None:
        raise _missing(uri)
    with writer_lock(folder, patience=patience):
        return Opened(base, base.create_table(TABLE, schema=schema_of(create), exist_ok=True))


def local_folder(uri: str) -> Path | None:
    """The local folder that a URI names, without decoding it; None for an object store."""
    name = uri.removeprefix("file://")
    return None if "://" in name else Path(name)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReseenError(f"{folder}: the gallery cannot be created: {error.strerror}") from None


def _missing(uri: str) -> ReseenError:
    return ReseenError(f"{uri}: no gallery there; `reseen gallery add` creates one")
