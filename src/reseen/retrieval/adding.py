"""Adds a batch of records to a gallery: the new ones are embedded and written in one commit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image

from reseen.data.opening import ImageError, ImageSource
from reseen.data.walking import readable
from reseen.retrieval.filters import one_of
from reseen.retrieval.intake import EmbeddedRecord, IdentifiedRecord, as_table, content_id, embed_records, reference_of
from reseen.retrieval.record import Added, Failure, FieldValue, Record
from reseen.retrieval.schema import has_key, new_fields
from reseen.retrieval.store import Store
from reseen.retrieval.versions import committed

if TYPE_CHECKING:
    from reseen.retrieval.embedder import Embedder


class AddedBatch(NamedTuple):
    """How many records were ``given``, and what became of them."""

    given: int
    added: Added


def added_batches(
    store: Store,
    records: Iterable[Record | ImageSource] | Record | ImageSource,
    *,
    embedder: "Embedder | None",
    batch: int,
    skip: bool,
    attributes: bool = False,
) -> Iterator[AddedBatch]:
    """Add one or many records or images, ``batch`` in a commit, as `add_batch` does; each batch once it is added."""
    first = 0
    for chunk in in_batches(as_records(records), batch):
        added = add_batch(store, chunk, embedder=embedder, first=first, skip=skip, attributes=attributes)
        yield AddedBatch(len(chunk), added)
        first += len(chunk)


def add_batch(
    store: Store,
    batch: Sequence[Record],
    *,
    embedder: "Embedder | None",
    first: int,
    skip: bool,
    attributes: bool = False,
) -> Added:
    """Add the records that the store lacks; ``first`` is the position of the batch's first record in the whole input.

    With ``skip``, unreadable images are reported as failures; without, the first of them raises PictureError. With
    ``attributes``, those that the embedder predicts become fields of records without them.
    """
    identified, failures = _identify(batch, first=first)
    present = _present(store, identified)
    new = {entry.id: entry for entry in reversed(identified) if entry.id not in present}  # of duplicates, the first
    embedded, unreadable = embed_records(
        list(reversed(new.values())), embedder, width=store.model.width, attributes=attributes
    )
    failures += [Failure(entry.place, reference_of(entry.record), reason) for entry, reason in unreadable]
    if failures and not skip:
        raise ImageError(min(failures).reason)
    added = _insert(store, embedded) if embedded else 0
    failed = {entry.id for entry, _ in unreadable}
    held = {entry.place: entry.id for entry in identified if entry.id not in failed}
    ids = tuple(held.get(first + place) for place in range(len(batch)))
    predicted = _predicted(embedded, new, names=embedder.attributes) if attributes and embedder is not None else {}
    return Added(added, len(held) - added, tuple(sorted(failures)), ids, predicted)


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


def in_batches(records: Iterator[Record], size: int) -> Iterator[list[Record]]:
    """Lists of ``size`` records; the last may be shorter."""
    while batch := list(islice(records, size)):
        yield batch


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
    """Add columns for new free fields; they are empty in the records that are there."""
    while columns := new_fields(rows, table.schema):
        table.add_columns(columns)
