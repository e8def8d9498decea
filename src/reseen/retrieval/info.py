"""A gallery in numbers."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import pyarrow.compute as pc

from reseen.retrieval.schema import fields_of, kind_of
from reseen.retrieval.searching import indexed
from reseen.retrieval.store import Store


class Info(NamedTuple):
    """A gallery in numbers.

    Attributes:
        uri: Its address.
        records: How many records it holds.
        identities: How many identities they have.
        cameras: Their cameras, sorted.
        earliest: The first time of a record.
        latest: The last time of a record.
        fields: The free fields, each with its type: string, number or boolean.
        model: The fingerprint of the model that made the vectors.
        width: D, the width of the vectors.
        threshold: Similarity from which two images show the same individual; None without a calibration.
        bytes: The size of the newest version.
        indexed: How many records are in the index.
        search_threshold: Similarity from which the best match of a search is known, in a gallery of this size.
    """

    uri: str
    records: int
    identities: int
    cameras: tuple[str, ...]
    earliest: datetime | None
    latest: datetime | None
    fields: Mapping[str, str]
    model: str
    width: int
    threshold: float | None
    bytes: int
    indexed: int
    search_threshold: float | None


def gallery_info(store: Store, *, threshold: float | None, search_threshold: float | None) -> Info:
    """Count a gallery, in one pass over two columns; the thresholds are passed in."""
    known = store.read(lambda table: table.search().select(["identity", "time"]).to_arrow())
    times = pc.min_max(known["time"]).as_py()
    return Info(
        uri=store.uri,
        records=known.num_rows,
        identities=pc.count_distinct(known["identity"]).as_py(),
        cameras=store.cameras(),
        earliest=times["min"],
        latest=times["max"],
        fields=field_types(store),
        model=store.model.fingerprint,
        width=store.model.width,
        threshold=threshold,
        bytes=store.read(lambda table: int(table.stats()["total_bytes"])),
        indexed=store.read(indexed),
        search_threshold=search_threshold,
    )


def field_types(store: Store) -> dict[str, str]:
    """The free fields of the records, each with its type: string, number or boolean."""
    return {name: kind_of(kind) for name, kind in fields_of(store.schema).items()}
