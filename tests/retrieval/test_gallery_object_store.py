"""A gallery in an object store: the same calls, and what was forgotten is in no object."""

from collections.abc import Iterator

import numpy as np
import pytest
from object_store import Store, object_store

from reseen.errors import ReseenError
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.intake import unit_vectors
from reseen.retrieval.record import Record
from reseen.retrieval.schema import Model

WIDTH, COUNT = 16, 40
VECTORS = unit_vectors(np.random.default_rng(0).normal(size=(COUNT, WIDTH)), width=WIDTH)
URI = "s3://bucket/some/gallery"


@pytest.fixture
def store() -> Iterator[Store]:
    with object_store() as running:
        yield running


def record(row: int) -> Record:
    return Record(vector=VECTORS[row], reference=f"<file of {row}>", identity=f"<name of {row}>", camera=f"c{row % 2}")


def test_the_same_calls_work_on_an_object_store(store):
    gallery = Gallery(URI, model=Model("drawn", WIDTH, 0.9), create=True, storage_options=store.options)
    assert gallery.add([record(row) for row in range(COUNT)], batch=15).added == COUNT
    reader = Gallery(URI, storage_options=store.options)
    expected = np.argsort(-(VECTORS[:35] @ VECTORS[::2].T), axis=1)[:, :4] * 2
    for queries in (3, 35):
        found = reader.search(VECTORS[:queries], k=4, cameras=["c0"])
        assert [[match.picture for match in matches] for matches in found] == [
            [f"<file of {row}>" for row in rows] for rows in expected[:queries]
        ]
    gallery.create_index()
    stored = gallery.vectors([gallery.search(VECTORS[7], k=1)[0][0].id])[0].tobytes()

    def traces() -> list[bytes]:
        written = b"".join(store.held.values())
        return [piece for piece in (stored, b"<name of 7>", b"<file of 7>") if piece in written]

    assert len(traces()) == 3
    assert gallery.forget(identity="<name of 7>") == 1
    assert traces() == []
    assert len(reader) == COUNT - 1
    gallery.compact()
    assert reader.info().records == COUNT - 1


def test_two_writers_without_a_lock_add_each_record_once(store):
    first, second = (
        Gallery(URI, model=Model("drawn", WIDTH), create=True, storage_options=store.options) for _ in range(2)
    )
    assert first.add([record(row) for row in range(20)]).added == 20
    assert second.add([record(row) for row in range(10, 30)]).added == 10
    assert len(first) == 30


def test_no_gallery_and_no_store_are_one_line(store):
    with pytest.raises(ReseenError, match="no gallery there"):
        Gallery("s3://bucket/nothing", storage_options=store.options)
    gone = {**store.options, "aws_endpoint": "http://127.0.0.1:9", "client_max_retries": "0", "timeout": "2s"}
    with pytest.raises(ReseenError) as caught:
        Gallery(URI, storage_options=gone)
    assert "\n" not in str(caught.value)
