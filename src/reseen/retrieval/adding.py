"""One batch of records into a gallery: what is new among them is embedded and written in one commit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from reseen.data.opening import PictureError, PictureSource
from reseen.data.walking import readable
from reseen.retrieval.filters import one_of
from reseen.retrieval.intake import Ready, Seen, as_table, content_id, made_ready, reference_of
from reseen.retrieval.record import Added, Failure, FieldValue, Record
from reseen.retrieval.schema import new_fields
from reseen.retrieval.store import Store
from reseen.retrieval.versions import committed

if TYPE_CHECKING:
    from reseen.retrieval.embedder import Embedder


def add_batch(store: Store, batch: Sequence[Record], *, embedder: "Embedder | None", first: int, skip: bool) -> Added:
    """Add the records that the store does not hold; ``first`` is the place of the first among all that are given.

    With ``skip`` those that cannot be read are reported; without, the first of them is a PictureError.
    """
    seen, failures = _told_apart(batch, first=first)
    there = _present(store, seen)
    fresh = {one.id: one for one in reversed(seen) if one.id not in there}  # of the same twice, the first
    ready, unread = made_ready(list(reversed(fresh.values())), embedder, width=store.model.width)
    failures += [Failure(one.place, reference_of(one.record), why) for one, why in unread]
    if failures and not skip:
        raise PictureError(min(failures).reason)
    added = _insert(store, ready) if ready else 0
    failed = {one.id for one, _ in unread}
    kept = {one.place: one.id for one in seen if one.id not in failed}
    ids = tuple(kept.get(first + place) for place in range(len(batch)))
    return Added(added, len(kept) - added, tuple(sorted(failures)), ids)


def as_records(given: Iterable[Record | PictureSource] | Record | PictureSource) -> Iterator[Record]:
    """Whatever is given, as records."""
    single = (Record, str, Path, bytes, bytearray, memoryview, Image.Image, np.ndarray)
    several: Iterable[Any] = [given] if isinstance(given, single) else given
    for record in several:
        yield record if isinstance(record, Record) else Record(picture=record)


def in_batches(records: Iterator[Record], size: int) -> Iterator[list[Record]]:
    """So many at a time, the last perhaps fewer."""
    while batch := list(islice(records, size)):
        yield batch


def _told_apart(batch: Sequence[Record], *, first: int) -> tuple[list[Seen], list[Failure]]:
    seen, failures = [], []
    for place, record in enumerate(batch, start=first):
        try:
            seen.append(Seen(place, content_id(record), record))
        except PictureError as error:
            failures.append(Failure(place, _called(record), str(error)))
    return seen, failures


def _called(record: Record) -> str | None:
    name = reference_of(record)
    return None if name is None else readable(name)


def _present(store: Store, seen: Sequence[Seen]) -> set[str]:
    wanted = one_of("id", sorted({one.id for one in seen}))
    return store.read(lambda _: set(store.column("id", wanted).to_pylist()))


def _insert(store: Store, ready: Sequence[Ready]) -> int:
    """Whoever else has added the same record since we looked: it is there once."""
    with store.writing() as table:
        add_columns(table, [one.record.fields for one in ready])
        rows = as_table(ready, schema=table.schema, fingerprint=store.model.fingerprint)
        merge = table.merge_insert("id").when_not_matched_insert_all()
        return max(int(done.num_inserted_rows) for done in committed(table, lambda: merge.execute(rows)))


def add_columns(table: Any, rows: Sequence[Mapping[str, FieldValue]]) -> None:
    """Columns for free fields that no record had so far; empty in all there are."""
    while columns := new_fields(rows, table.schema):
        table.add_columns(columns)
