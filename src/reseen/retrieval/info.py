"""A gallery in numbers."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import pyarrow.compute as pc

from reseen.retrieval.indexes import vector_index
from reseen.retrieval.schema import fields_of, kind_of
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
        index_kind: The kind of the index, as LanceDB names it; "" without one. IvfFlat is exact.
        unindexed: How many records came after the index; a search compares each of them.
        index_bytes: The size of the index, a part of ``bytes``.
        recall: The share of the ten nearest records that a search finds, as measured; 1 where searches are exact.
        filtered_recall: The same where a filter keeps an eighth of the records.
        index_cache: The most bytes of the index that are kept in memory.
        metadata_cache: The same of what describes the files.
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
    index_kind: str = ""
    unindexed: int = 0
    index_bytes: int = 0
    recall: float = 1.0
    filtered_recall: float = 1.0
    index_cache: int = 0
    metadata_cache: int = 0


def gallery_info(store: Store, *, threshold: float | None, search_threshold: float | None) -> Info:
    """Count a gallery, in one pass over two columns; the thresholds are passed in."""
    known = store.read(lambda table: table.search().select(["identity", "time"]).to_arrow())
    index, facts = store.read(vector_index), store.plan().facts
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
        indexed=int(index.num_indexed_rows or 0) if index else 0,
        search_threshold=search_threshold,
        index_kind=index.index_type if index else "",
        unindexed=int(index.num_unindexed_rows or 0) if index else known.num_rows,
        index_bytes=int(index.size_bytes or 0) if index else 0,
        recall=facts.recall if facts else 1.0,
        filtered_recall=facts.filtered_recall if facts else 1.0,
        index_cache=store.caches.index_bytes,
        metadata_cache=store.caches.metadata_bytes,
    )


def field_types(store: Store) -> dict[str, str]:
    """The free fields of the records, each with its type: string, number or boolean."""
    return {name: kind_of(kind) for name, kind in fields_of(store.schema).items()}
