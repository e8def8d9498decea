"""Several processes that add to one gallery at the same time, on a disk and in an object store."""

import json
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from object_store import Store, object_store
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.record import Record
from reseen.retrieval.schema import GalleryModel, has_key, schema_of

WIDTH, COUNT, BATCH, WRITERS = 16, 60, 5, 3
MODEL = GalleryModel("drawn", WIDTH)
URI = "s3://bucket/some/gallery"


def record(row: int) -> Record:
    return Record(vector=np.random.default_rng(row).normal(size=WIDTH), reference=str(row), identity=f"id {row}")


ADDING = f"""
import json, sys
sys.path[:0] = {[str(Path(__file__).parent), str(Path(__file__).parents[1] / "support")]!r}
from test_gallery_writers import BATCH, MODEL, Gallery, record
uri, options, rows = json.loads(sys.argv[1])
gallery = Gallery(uri, model=MODEL, create=True, patience=60, storage_options=options, upkeep=False)
print("ready", flush=True)
sys.stdin.readline()
print(gallery.add([record(row) for row in rows], batch=BATCH).added)
"""


def added_at_once(uri: str, options: dict[str, str]) -> list[int]:
    """Each process adds every record, in another order; how many it was the first to add."""
    orders = [np.random.default_rng(writer).permutation(COUNT).tolist() for writer in range(WRITERS)]
    said = [[sys.executable, "-c", ADDING, json.dumps([uri, options, order])] for order in orders]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, **pipes) for command in said]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    return [int(process.communicate(timeout=120)[0]) for process in processes]


def pictures(gallery: Gallery) -> list[int]:
    return sorted(int(name) for name in gallery._store.column("picture").to_pylist())


@pytest.mark.long
def test_several_processes_add_the_same_records_to_an_object_store_and_each_is_there_once():
    with object_store() as store:
        added = added_at_once(URI, store.options)
        gallery = Gallery(URI, storage_options=store.options)
        assert pictures(gallery) == list(range(COUNT))
        assert sum(added) == COUNT
        gallery.compact()
        assert gallery.search(record(7).vector, k=1)[0].identity == "id 7"


@pytest.mark.long
def test_several_processes_add_the_same_records_to_a_folder_and_each_is_there_once(tmp_path):
    assert sum(added_at_once(str(tmp_path / "gallery"), {})) == COUNT
    assert pictures(Gallery(tmp_path / "gallery")) == list(range(COUNT))


def opened(store: Store) -> Gallery:
    return Gallery(URI, model=MODEL, create=True, storage_options=store.options)


def test_what_two_writers_add_at_any_moment_of_each_other_is_there_once():
    moment, done = 0, False
    while not done:
        with object_store() as store:
            gallery, other = opened(store), opened(store)
            gallery.add([record(row) for row in range(20)])
            writes: list[str] = []
            meanwhile = partial(other.add, [record(30), record(32)])

            def count(key: str, *, running=store, writes=writes, moment=moment, meanwhile=meanwhile) -> None:
                writes.append(key)
                if len(writes) > moment:
                    running.before_put = lambda _: None
                    meanwhile()

            store.before_put = count
            gallery.add([record(30), record(31)])
            done = len(writes) <= moment
            assert pictures(gallery) == [*range(20), 30, 31, *([] if done else [32])], moment
        moment += 1
    assert moment > 2


def test_a_gallery_of_before_gets_its_key_when_it_is_added_to(tmp_path):
    gallery = Gallery(tmp_path / "gallery", model=MODEL, create=True)
    assert has_key(gallery._store.table.schema)
    base = gallery._store._base
    base.drop_table("records")
    schema = schema_of(MODEL)
    base.create_table("records", schema=schema.set(0, schema.field("id").remove_metadata()))
    older = Gallery(tmp_path / "gallery", model=MODEL)
    assert not has_key(older._store.table.schema)
    assert older.add([record(row) for row in range(3)]).added == 3
    assert has_key(Gallery(tmp_path / "gallery")._store.table.schema)


def test_a_field_that_two_writers_add_at_any_moment_of_each_other_is_there_once():
    moment, done = 0, False
    while not done:
        with object_store() as store:
            gallery, other = opened(store), opened(store)
            writes: list[str] = []
            meanwhile = partial(other.add, [replace(record(1), fields={"lane": 1})])

            def count(key: str, *, running=store, writes=writes, moment=moment, meanwhile=meanwhile) -> None:
                writes.append(key)
                if len(writes) > moment:
                    running.before_put = lambda _: None
                    meanwhile()

            store.before_put = count
            gallery.add([replace(record(0), fields={"lane": 0, "colour": "red"})])
            done = len(writes) <= moment
            lanes = gallery._store.table.to_arrow()["lane"].to_pylist()
            assert sorted(lanes) == ([0.0] if done else [0.0, 1.0]), moment
        moment += 1
    assert moment > 2
