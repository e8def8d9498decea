"""The index's cache follows the index, and where it is too small that is said."""

import numpy as np
import pytest

from reseen.retrieval import caches, indexes
from reseen.retrieval.caches import CacheSizes, bytes_of_indexes, cache_sizes, for_adding, shortage
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.record import Record
from reseen.retrieval.schema import GalleryModel

GB = 1 << 30
WIDTH, COUNT = 16, 1200
VECTORS = np.random.default_rng(0).normal(size=(COUNT, WIDTH)).astype(np.float32)


@pytest.fixture(autouse=True)
def small(monkeypatch) -> None:
    """A gallery of this size has an approximate index, and no cache is large enough for it by itself."""
    monkeypatch.setattr(indexes, "APPROXIMATE_PAYS", 1000)
    monkeypatch.setattr(indexes, "INDEX_PAYS", 500)
    monkeypatch.setattr(caches, "_INDEX", 0)
    monkeypatch.delenv("RESEEN_INDEX_CACHE", raising=False)


def filled(uri: str, count: int = COUNT, **options: object) -> Gallery:
    gallery = Gallery(uri, model=GalleryModel("drawn", WIDTH), create=True, upkeep=False, **options)
    gallery.add([Record(vector=vector, reference=str(row)) for row, vector in enumerate(VECTORS[:count])])
    return gallery


@pytest.mark.parametrize(
    ("index", "available", "expected"),
    [
        (0, 64 * GB, 2 * GB),
        (GB, 64 * GB, 2 * GB),
        (4 * GB, 64 * GB, 5 * GB),
        (4 * GB, 9 * GB, 4.5 * GB),
        (4 * GB, 1 * GB, 2 * GB),
        (4 * GB, None, 2 * GB),
    ],
)
def test_the_default_is_2_gb_or_more_for_a_larger_index_up_to_half_of_the_memory(
    monkeypatch, index, available, expected
):
    monkeypatch.undo()
    monkeypatch.delenv("RESEEN_INDEX_CACHE", raising=False)
    monkeypatch.setattr(caches, "available_memory", lambda: available)
    assert cache_sizes(index).index_bytes == expected
    monkeypatch.setenv("RESEEN_INDEX_CACHE", "0")
    assert cache_sizes(index).index_bytes == 0


def test_a_shortage_names_both_sizes_and_the_setting_that_ends_it(monkeypatch):
    told = shortage(CacheSizes(2 * GB, 0), 2800 << 20)
    assert "takes 2,800 MB and its cache 2,048 MB" in told
    setting = told.split("RESEEN_INDEX_CACHE=")[1].split(",")[0]
    monkeypatch.setenv("RESEEN_INDEX_CACHE", setting)
    assert shortage(cache_sizes(), 2800 << 20) == ""
    monkeypatch.setenv("RESEEN_INDEX_CACHE", str(int(setting) - 1))
    assert shortage(cache_sizes(), 2800 << 20)


def test_a_gallery_is_opened_with_a_cache_that_holds_its_index(tmp_path):
    filled(tmp_path / "gallery").compact()
    opened = Gallery(tmp_path / "gallery", upkeep=False)
    files = bytes_of_indexes(tmp_path / "gallery" / "records.lance")
    assert files >= opened.info().index_bytes > 0
    assert opened.info().index_cache == files + files // 4
    assert opened.note == ""


@pytest.mark.parametrize("build", [Gallery.compact, Gallery.create_index])
def test_a_process_that_builds_the_index_gets_the_larger_cache_and_goes_on(tmp_path, build):
    gallery = filled(tmp_path / "gallery")
    assert gallery.info().index_cache == 0
    build(gallery)
    assert gallery.info().index_cache > gallery.info().index_bytes
    assert gallery.note == ""
    assert gallery.search(VECTORS[3], k=1)[0][0].picture == "3"
    assert gallery.add(Record(vector=VECTORS[0], reference="late")).added == 1
    assert len(gallery) == COUNT + 1


def test_a_cache_that_holds_the_index_is_not_emptied_when_this_grows_a_little(tmp_path):
    gallery = filled(tmp_path / "gallery")
    gallery.compact()
    table, cache = gallery._store.table, gallery.info().index_cache
    gallery.add(Record(vector=VECTORS[0], reference="late"))
    gallery.compact()
    assert (gallery._store.table, gallery.info().index_cache) == (table, cache)


def test_a_cache_that_is_still_too_small_is_not_emptied_for_one_that_is_hardly_larger(tmp_path, monkeypatch):
    monkeypatch.setattr(caches, "available_memory", lambda: 20_000)
    gallery = filled(tmp_path / "gallery")
    gallery.compact()
    table = gallery._store.table
    assert (gallery.info().index_cache, "RESEEN_INDEX_CACHE=" in gallery.note) == (10_000, True)
    monkeypatch.setattr(caches, "available_memory", lambda: 22_000)
    gallery.compact()
    assert (gallery._store.table, gallery.info().index_cache) == (table, 10_000)
    monkeypatch.setattr(caches, "available_memory", lambda: 26_000)
    gallery.compact()
    assert gallery.info().index_cache == 13_000


def test_the_recall_is_measured_with_the_cache_that_holds_the_index(tmp_path, monkeypatch):
    gallery = filled(tmp_path / "gallery")
    seen: list[int] = []
    snapshot = gallery._store.snapshot
    monkeypatch.setattr(gallery._store, "snapshot", lambda: seen.append(gallery.info().index_cache) or snapshot())
    gallery.compact()
    assert seen[0] > gallery.info().index_bytes


def test_a_folder_of_indexes_that_cannot_be_read_is_no_reason_not_to_open(tmp_path, monkeypatch):
    filled(tmp_path / "gallery").compact()
    stat = caches.Path.stat

    def stale(path: caches.Path, **options: object) -> object:
        if "_indices" in path.parts:
            raise OSError(116, "Stale file handle")
        return stat(path, **options)

    monkeypatch.setattr(caches.Path, "stat", stale)
    assert len(Gallery(tmp_path / "gallery", upkeep=False)) == COUNT


def test_a_process_that_only_adds_has_no_more_than_the_default(monkeypatch):
    monkeypatch.setattr(caches, "_INDEX", 2048)
    assert for_adding(CacheSizes(5 * GB, 7)) == (2 * GB, 7)
    assert for_adding(CacheSizes(1000, 7)) == (1000, 7)


def test_an_index_that_outgrew_its_cache_is_told_beside_what_else_is_to_be_told(tmp_path, monkeypatch):
    gallery = filled(tmp_path / "gallery", caches=CacheSizes(1000, 1 << 20))
    gallery.compact()
    assert gallery.info().index_cache == 1000, "what the call sets stays"
    assert gallery.note.startswith("the index takes 0 MB and its cache 0 MB")
    assert "compact" not in gallery.note
    monkeypatch.setattr(indexes, "UNINDEXED", 1)
    gallery.add(Record(vector=VECTORS[0], reference="late"))
    waiting, cache = gallery.note.split("; the ")
    assert waiting == "1 records are not in the index yet; `reseen gallery compact` takes them up"
    assert cache.startswith("index takes ")
    monkeypatch.setenv("RESEEN_INDEX_CACHE", "0")
    assert Gallery(tmp_path / "gallery", upkeep=False).note.endswith(
        "RESEEN_INDEX_CACHE=1, or `caches`, where there is memory for it"
    )


def test_in_an_object_store_the_default_stays_and_the_note_says_that_it_is_too_small(monkeypatch):
    gallery = filled("memory://")
    gallery.compact()
    assert gallery.info().index_cache == 0
    assert "RESEEN_INDEX_CACHE=" in gallery.note
    assert gallery.search(VECTORS[3], k=1)[0][0].picture == "3"
