"""A small gallery's vectors in memory: the answers of LanceDB, of the newest version, and nothing of what is gone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from reseen.retrieval import vector_cache
from reseen.retrieval.caches import CacheSizes
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.record import Matches, Record
from reseen.retrieval.schema import GalleryModel

WIDTH, COUNT = 24, 400
START = datetime(2026, 1, 1, tzinfo=UTC)
DRAWN = np.random.default_rng(0).normal(size=(COUNT, WIDTH)).astype(np.float32)
DRAWN[300:310] = DRAWN[20]  # equal vectors, ranked by their ids
QUERIES = np.concatenate([DRAWN[:24], np.random.default_rng(1).normal(size=(7, WIDTH)).astype(np.float32)])


def record(row: int) -> Record:
    camera = None if row % 11 == 0 else f"c{row % 4}"
    time = None if row % 13 == 0 else START + timedelta(hours=row)
    return Record(vector=DRAWN[row], reference=str(row), camera=camera, time=time, fields={"speed": row})


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    made = Gallery(tmp_path / "gallery", model=GalleryModel("drawn", WIDTH), create=True)
    made.add([record(row) for row in range(COUNT)])
    return made


def warmed(gallery: Gallery) -> Gallery:
    """The gallery with its records in memory."""
    gallery.search(QUERIES[: vector_cache.CACHED_FROM])
    assert gallery._store.cached.kept is not None
    return gallery


def told(matches: Matches) -> list[tuple[object, ...]]:
    """All but the similarities, without those that equal the last: which of those are among the k is nobody's rule."""
    better = [match for match in matches if match.similarity > matches[-1].similarity + 1e-6]
    return [match._replace(similarity=0, fields=sorted(match.fields.items())) for match in better]


WISHES = [
    {},
    {"k": 1},
    {"k": 2 * COUNT},
    {"exact": True},
    {"cameras": ["c1", "c3"]},
    {"cameras": ["c2"], "after": START + timedelta(hours=30), "before": START + timedelta(hours=200)},
    {"where": {"speed": 7}},
    {"before": START},
]


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("queries", [QUERIES, QUERIES[24]])
def test_answers_from_memory_are_those_of_lancedb(gallery, tmp_path, wish, queries):
    without = Gallery(tmp_path / "gallery", caches=CacheSizes(0, 1 << 20))
    found, expected = warmed(gallery).search(queries, **wish), without.search(queries, **wish)
    assert without._store.cached.kept is None
    for one, other in zip(found, expected, strict=True):
        assert len(one) == len(other)
        assert told(one) == told(other)
        assert [match.similarity for match in one] == [match.similarity for match in other]
        assert max((match.similarity for match in one), default=0) <= 1


def test_of_equal_vectors_the_smaller_ids_come_first(gallery):
    equal = sorted(match.id for match in gallery.search(DRAWN[20], k=11)[0])
    for k in (1, 5, 11):
        assert [match.id for match in warmed(gallery).search(DRAWN[20], k=k)[0]] == equal[:k]


def test_after_a_few_searches_lancedb_searches_no_more(gallery, monkeypatch):
    warmed(gallery).search(QUERIES, cameras=["c1"])
    monkeypatch.setattr(gallery._store.table, "search", lambda *_, **__: pytest.fail("asked"))
    assert len(gallery.search(QUERIES, cameras=["c1"])[0]) == 10
    assert len(gallery.search(QUERIES[0])[0]) == 10


@pytest.mark.parametrize("wish", [{}, {"cameras": ["c1"]}])
def test_what_another_process_adds_and_removes_is_seen_by_the_next_search(gallery, tmp_path, wish):
    other = Gallery(tmp_path / "gallery", model=GalleryModel("drawn", WIDTH))
    own = warmed(gallery).search(DRAWN[1], **wish)[0][0]
    assert own.picture == "1"
    other.delete([own.id])
    assert own.id not in [match.id for match in gallery.search(DRAWN[1], **wish)[0]]
    added = other.add(Record(vector=DRAWN[1], reference="again", camera="c1"))
    assert [match.id for match in warmed(gallery).search(DRAWN[1], k=1, **wish)[0]] == list(added.ids)


def test_a_condition_is_read_again_where_a_newer_version_has_come_meanwhile(gallery, tmp_path, monkeypatch):
    read = vector_cache.CachedRecords.fitting

    def late(self, store, where):
        Gallery(tmp_path / "gallery", model=GalleryModel("drawn", WIDTH)).add(
            Record(vector=DRAWN[2], reference="late", camera="c1")
        )
        return read(self, store, where)

    warmed(gallery)
    monkeypatch.setattr(vector_cache.CachedRecords, "fitting", late)
    assert "late" in [match.picture for match in gallery.search(DRAWN[2], cameras=["c1"])[0]]


def test_forgotten_records_leave_the_memory_at_once_and_another_process_at_its_next_search(gallery, tmp_path):
    other = warmed(Gallery(tmp_path / "gallery"))
    warmed(gallery).forget(camera="c1")
    assert gallery._store.cached.kept is None
    other.search(DRAWN[0])
    assert other._store.cached.kept is None


def test_a_gallery_that_is_too_large_with_its_columns_is_read_once_and_not_kept(gallery, monkeypatch):
    gallery._store.cached = vector_cache.VectorCache(most_bytes=COUNT * WIDTH * 4 + 100)
    read, reads = vector_cache._records, []
    monkeypatch.setattr(vector_cache, "_records", lambda *given, **more: reads.append(1) or read(*given, **more))
    for _ in range(20):
        gallery.search(QUERIES[0])
    assert gallery._store.cached.kept is None
    assert len(reads) == 1


def test_what_was_read_before_a_forgetting_is_not_kept_after_it(gallery, monkeypatch):
    read = vector_cache._records

    def forgotten_meanwhile(*given, **more):
        found = read(*given, **more)
        gallery._store.cached.clear()  # as a forgetting in another thread does
        return found

    monkeypatch.setattr(vector_cache, "_records", forgotten_meanwhile)
    gallery.search(QUERIES[: vector_cache.CACHED_FROM])
    assert gallery._store.cached.kept is None


@pytest.mark.parametrize("warm", [False, True])
def test_no_query_has_no_answer(gallery, warm):
    gallery = warmed(gallery) if warm else gallery
    assert gallery.search(np.empty((0, WIDTH), dtype=np.float32)) == []


def test_few_searches_read_no_gallery_into_memory(gallery):
    for query in QUERIES[: vector_cache.CACHED_FROM - 1]:
        gallery.search(query)
    assert gallery._store.cached.kept is None
    gallery.search(QUERIES[0])
    assert gallery._store.cached.kept is not None


def test_many_threads_search_while_another_adds_and_each_finds_what_was_there_before(gallery, tmp_path):
    writer = Gallery(tmp_path / "gallery", model=GalleryModel("drawn", WIDTH))
    late = np.random.default_rng(2).normal(size=(12, WIDTH)).astype(np.float32)
    done: list[int] = [0]
    missed: list[int] = []

    def search() -> None:
        while done[0] < len(late):
            before = done[0]
            found = gallery.search(late[:before] if before else late[:1], k=1)
            missed.extend(row for row in range(before) if found[row][0].picture != f"late {row}")

    threads = [Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for row, vector in enumerate(late):
        writer.add(Record(vector=vector, reference=f"late {row}"))
        done[0] = row + 1
    for thread in threads:
        thread.join()
    assert not missed
