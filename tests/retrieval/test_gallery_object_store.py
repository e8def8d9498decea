"""A gallery in an object store: the same calls, and what was forgotten is in no object."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from time import time

import numpy as np
import pytest

from clock_ahead import dated
from object_store import Store, object_store
from reseen.errors import ReseenError
from reseen.retrieval import store as stores
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.intake import unit_vectors
from reseen.retrieval.record import Record
from reseen.retrieval.schema import GalleryModel

WIDTH, COUNT = 16, 40
VECTORS = unit_vectors(np.random.default_rng(0).normal(size=(COUNT, WIDTH)), width=WIDTH)
URI = "s3://bucket/some/gallery"


@pytest.fixture
def store() -> Iterator[Store]:
    with object_store() as running:
        yield running


@pytest.fixture(autouse=True)
def same_clock(monkeypatch) -> None:
    """The store's clock is this machine's."""
    monkeypatch.setattr(stores, "CLOCKS_APART", 0)


def record(row: int) -> Record:
    return Record(vector=VECTORS[row], reference=f"<file of {row}>", identity=f"<name of {row}>", camera=f"c{row % 2}")


def test_the_same_calls_work_on_an_object_store(store):
    gallery = Gallery(URI, model=GalleryModel("drawn", WIDTH, 0.9), create=True, storage_options=store.options)
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
        Gallery(URI, model=GalleryModel("drawn", WIDTH), create=True, storage_options=store.options) for _ in range(2)
    )
    assert first.add([record(row) for row in range(20)]).added == 20
    assert second.add([record(row) for row in range(10, 30)]).added == 10
    assert len(first) == 30


def test_a_missing_gallery_and_a_missing_object_store_are_errors_of_one_line(store):
    with pytest.raises(ReseenError, match="no gallery there"):
        Gallery("s3://bucket/nothing", storage_options=store.options)
    gone = {**store.options, "aws_endpoint": "http://127.0.0.1:9", "client_max_retries": "0", "timeout": "2s"}
    with pytest.raises(ReseenError) as caught:
        Gallery(URI, storage_options=gone)
    assert "\n" not in str(caught.value)


def opened(store: Store, *, patience: float = 10.0) -> Gallery:
    return Gallery(
        URI, model=GalleryModel("drawn", WIDTH), create=True, patience=patience, storage_options=store.options
    )


def holders(store: Store, row: int) -> list[str]:
    """The objects that hold a record's name or its file's."""
    words = (f"<name of {row}>".encode(), f"<file of {row}>".encode())
    return [key for key, data in store.held.items() if any(word in data for word in words)]


def writes_of(store: Store, call: Callable[[], object], *, moment: int, meanwhile: Callable[[], object]) -> int:
    """How many objects the call writes up to the one before which something else happened; all where it did not."""
    writes: list[str] = []

    def count(key: str) -> None:
        writes.append(key)
        if len(writes) > moment:
            store.before_put = lambda _: None
            meanwhile()

    store.before_put = count
    call()
    return len(writes)


def test_what_another_process_adds_at_any_moment_of_a_forget_stays():
    moment, done = 0, False
    while not done:
        with object_store() as store:
            gallery, other = opened(store), opened(store)
            gallery.add([record(row) for row in range(20)])
            gallery.create_index()
            forget = partial(gallery.forget, identity="<name of 7>")
            done = writes_of(store, forget, moment=moment, meanwhile=partial(other.add, record(30))) <= moment
            assert len(other) == len(gallery) == (19 if done else 20), moment
            assert done or gallery.search(VECTORS[30], k=1)[0].identity == "<name of 30>"
            assert holders(store, 7) == []
        moment += 1
    assert moment > 6


def test_an_addition_and_a_change_are_not_lost_where_another_process_forgets_meanwhile():
    """The forget removes the versions after which they were to come."""
    for kind in ("add", "update"):
        moment, done = 0, False
        while not done:
            with object_store() as store:
                gallery, other = opened(store), opened(store)
                ids = gallery.add([record(row) for row in range(20)]).ids
                write = {
                    "add": partial(gallery.add, record(30)),
                    "update": partial(gallery.update, [ids[8]], {"identity": "<name of 30>"}),
                }[kind]
                forget = partial(other.forget, identity="<name of 3>")
                done = writes_of(store, write, moment=moment, meanwhile=forget) <= moment
                sought = VECTORS[30 if kind == "add" else 8]
                assert gallery.search(sought, k=1)[0].identity == "<name of 30>", (kind, moment)
                assert len(gallery) == 19 + done + (kind == "add"), moment
            moment += 1
        assert moment > 2


def test_a_deletion_is_not_lost_where_another_process_forgets_meanwhile():
    moment, done = 0, False
    while not done:
        with object_store() as store:
            gallery, other = opened(store), opened(store)
            seven = gallery.add([record(row) for row in range(20)]).ids[7]
            delete, forget = partial(gallery.delete, [seven]), partial(other.forget, identity="<name of 3>")
            done = writes_of(store, delete, moment=moment, meanwhile=forget) <= moment
            assert len(gallery) == (19 if done else 18), moment
        moment += 1
    assert moment > 2


def date_versions(store: Store, *, ahead: int) -> None:
    for key in [key for key in store.held if key.endswith(".manifest")]:
        store.held[key] = dated(store.held[key], now=time(), ahead=ahead)


def test_forget_waits_for_versions_of_a_clock_that_was_a_little_ahead(store):
    opened(store).add([record(row) for row in range(20)], batch=9)
    date_versions(store, ahead=1)
    assert opened(store).forget(identity="<name of 7>") == 1
    assert holders(store, 7) == []


def test_forget_names_versions_of_a_clock_that_was_far_ahead(store):
    opened(store).add([record(row) for row in range(20)], batch=9)
    date_versions(store, ahead=70 * 365 * 24 * 3600)
    gallery = opened(store, patience=0.1)
    for _ in range(2):
        with pytest.raises(
            ReseenError, match=r"older files may hold them: a clock that was ahead .* again after 20\d\d-"
        ):
            gallery.forget(identity="<name of 7>")
    assert holders(store, 7) != []
    assert len(gallery) == 19


def test_a_store_whose_clock_is_ahead_keeps_older_files_and_is_said(store):
    store.ahead = timedelta(minutes=1)
    gallery = opened(store)
    gallery.add([record(row) for row in range(20)])
    with pytest.raises(ReseenError, match="older files may hold them: 1 files are left in the store, whose clock is"):
        gallery.forget(identity="<name of 7>")
    assert holders(store, 7) != []
    assert len(gallery) == 19
