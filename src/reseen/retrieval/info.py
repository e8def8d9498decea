"""A gallery in numbers: what its records name, and how much of them there is."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import pyarrow.compute as pc

from reseen.retrieval.schema import fields_of, kind_of
from reseen.retrieval.searching import indexed
from reseen.retrieval.store import Store


class Info(NamedTuple):
    """A gallery in numbers. ``bytes``: of the newest version. ``indexed``: records that the index holds.

    ``threshold``: of two pictures; ``search_threshold``: of a search in a gallery of this size.
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


def measured(store: Store, *, threshold: float | None, search_threshold: float | None) -> Info:
    """One reading of two columns; the thresholds are the gallery's."""
    known = store.read(lambda table: table.search().select(["identity", "time"]).to_arrow())
    times = pc.min_max(known["time"]).as_py()
    return Info(
        uri=store.uri,
        records=known.num_rows,
        identities=pc.count_distinct(known["identity"]).as_py(),
        cameras=store.cameras(),
        earliest=times["min"],
        latest=times["max"],
        fields=fields_held(store),
        model=store.model.fingerprint,
        width=store.model.width,
        threshold=threshold,
        bytes=store.read(lambda table: int(table.stats()["total_bytes"])),
        indexed=store.read(indexed),
        search_threshold=search_threshold,
    )


def fields_held(store: Store) -> dict[str, str]:
    """The free fields that records have, each with what it holds: words, numbers or truths."""
    return {name: kind_of(kind) for name, kind in fields_of(store.schema).items()}
