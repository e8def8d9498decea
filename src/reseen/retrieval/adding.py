"""Adds batches of records to a gallery: the new ones of each are embedded and written in one commit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image

from reseen.data.opening import ImageError, ImageSource
from reseen.data.walking import readable
from reseen.retrieval.engine_errors import ENGINE_ERRORS
from reseen.retrieval.filters import one_of
from reseen.retrieval.intake import EmbeddedRecord, IdentifiedRecord, as_table, content_id, embed_records, reference_of
from reseen.retrieval.record import Added, Failure, FieldValue, Record
from reseen.retrieval.schema import has_key, new_fields
from reseen.retrieval.store import Store
from reseen.retrieval.versions import committed

if TYPE_CHECKING:
    from reseen.retrieval.embedder import Embedder


class Batch(NamedTuple):
    """Records of one commit; ``first`` is the position of the first of them in the whole input."""

    first: int
    records: list[Record]


class AddedBatch(NamedTuple):
    """How many records were ``given``, the first of them at ``first``, and what became of them."""

    first: int
    given: int
    added: Added


class Adder:
    """Adds batches to one gallery, each in one commit.

    With ``skip``, unreadable images are reported as failures; without, the first of them raises PictureError. With
    ``attributes``, those that the embedder predicts become fields of records without them. ``threads`` open images; by
    default as many as suit this machine.
    """

    def __init__(
        self,
        store: Store,
        *,
        embedder: "Embedder | None",
        skip: bool,
        attributes: bool,
        threads: int | None = None,
    ) -> None:
        self.store, self.embedder, self.skip, self.attributes = store, embedder, skip, attributes
        self._threads = threads

    def __call__(self, batch: Batch) -> AddedBatch:
        """Add the records of a batch that the store lacks."""
        records, first = batch.records, batch.first
        identified, failures = _identify(records, first=first)
        present = _present(self.store, identified)
        new = {entry.id: entry for entry in reversed(identified) if entry.id not in present}  # of duplicates, the first
        embedded, unreadable = embed_records(
            list(reversed(new.values())),
            self.embedder,
            width=self.store.model.width,
            attributes=self.attributes,
            threads=self._threads,
        )
        failures += [Failure(entry.place, reference_of(entry.record), reason) for entry, reason in unreadable]
        if failures and not self.skip:
            raise ImageError(min(failures).reason)
        added = _insert(self.store, embedded) if embedded else 0
        failed = {entry.id for entry, _ in unreadable}
        held = {entry.place: entry.id for entry in identified if entry.id not in failed}
        ids = tuple(held.get(first + place) for place in range(len(records)))
        names = self.embedder.attributes if self.attributes and self.embedder is not None else ()
        predicted = _predicted(embedded, new, names=names)
        return AddedBatch(first, len(records), Added(added, len(held) - added, tuple(sorted(failures)), ids, predicted))


def _predicted(
    embedded: Sequence[EmbeddedRecord], given: Mapping[str, IdentifiedRecord], *, names: Iterable[str]
) -> dict[str, int]:
    """Of how many records each attribute was predicted, because none was given."""
    without = {
        name: [entry.id for entry in embedded if given[entry.id].record.fields.get(name) is None] for name in names
    }
    return {name: len(ids) for name, ids in without.items()}


def as_records(records: Iterable[Record | ImageSource] | Record | ImageSource) -> Iterator[Record]:
    """Records of images and records, of which there may be one or many."""
    single = (Record, str, Path, bytes, bytearray, memoryview, Image.Image, np.ndarray)
    several: Iterable[Any] = [records] if isinstance(records, single) else records
    for record in several:
        yield record if isinstance(record, Record) else Record(picture=record)


def in_batches(records: Iterable[Record | ImageSource] | Record | ImageSource, size: int) -> Iterator[Batch]:
    """One or many records or images as batches of ``size`` records; the last may be shorter."""
    waiting, first = as_records(records), 0
    while batch := list(islice(waiting, size)):
        yield Batch(first, batch)
        first += len(batch)


def _identify(batch: Sequence[Record], *, first: int) -> tuple[list[IdentifiedRecord], list[Failure]]:
    identified, failures = [], []
    for place, record in enumerate(batch, start=first):
        try:
            identified.append(IdentifiedRecord(place, content_id(record), record))
        except ImageError as error:
            failures.append(Failure(place, _readable_reference(record), str(error)))
    return identified, failures


def _readable_reference(record: Record) -> str | None:
    name = reference_of(record)
    return None if name is None else readable(name)


def _present(store: Store, identified: Sequence[IdentifiedRecord]) -> set[str]:
    ids = one_of("id", sorted({entry.id for entry in identified}))
    return store.read(lambda _: set(store.column("id", ids).to_pylist()))


def _insert(store: Store, embedded: Sequence[EmbeddedRecord]) -> int:
    """How many records were inserted; one that another process has added meanwhile is not inserted again."""
    with store.writing() as table:
        if not has_key(table.schema):
            table.set_unenforced_primary_key("id")
        add_columns(table, [entry.record.fields for entry in embedded])
        rows = as_table(embedded, schema=table.schema, fingerprint=store.model.fingerprint)
        merge = table.merge_insert("id").when_not_matched_insert_all()
        return max(int(done.num_inserted_rows) for done in committed(table, lambda: merge.execute(rows)))


def add_columns(table: Any, rows: Sequence[Mapping[str, FieldValue]]) -> None:
    """Add columns for new free fields; they are empty in the records that are there. Another process may be faster."""
    while columns := new_fields(rows, table.schema):
        try:
            table.add_columns(columns)
        except ENGINE_ERRORS:
            if new_fields(rows, table.schema) == columns:
                raise
