"""The approximate index of a large gallery: what it finds, how it is kept, what forgetting leaves of it."""

import resource
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import numpy as np
import pytest
from lance.file import LanceFileReader

from reseen.errors import ReseenError
from reseen.retrieval import candidates, fitting, forgetting, indexes, merging, recall, searching, through_index
from reseen.retrieval.caches import CacheSizes
from reseen.retrieval.discover.neighbours import index_facts, near_records, read_records
from reseen.retrieval.filters import Span, condition
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.intake import content_id, unit_vectors
from reseen.retrieval.record import Record
from reseen.retrieval.schema import GalleryModel
from shared import made_once

WIDTH, COUNT, SIGHTINGS = 32, 3000, 6
START = datetime(2026, 1, 1, tzinfo=UTC)
MODEL = GalleryModel("drawn", WIDTH)


def drawn(count: int, *, seed: int) -> np.ndarray:
    """Unit vectors, SIGHTINGS around each individual's own."""
    draw = np.random.default_rng(seed)
    own = np.repeat(draw.normal(size=(-(-count // SIGHTINGS), WIDTH)), SIGHTINGS, axis=0)[:count]
    return unit_vectors(own + 0.5 * draw.normal(size=own.shape), width=WIDTH)


VECTORS = drawn(COUNT, seed=0)
LATE = drawn(600, seed=1)


def record(row: int, vectors: np.ndarray = VECTORS) -> Record:
    return Record(
        vector=vectors[row],
        reference=f"<file of {row}>",
        identity=f"<name of {row}>",
        camera=f"c{row % 5}",
        time=START + timedelta(minutes=row),
        fields={"row": row},
    )


@pytest.fixture(autouse=True)
def small(monkeypatch) -> None:
    """A gallery of this size counts as large."""
    monkeypatch.setattr(indexes, "APPROXIMATE_PAYS", 2000)
    monkeypatch.setattr(indexes, "INDEX_PAYS", 500)
    monkeypatch.setattr(indexes, "UNINDEXED", 200)
    monkeypatch.setattr(searching, "FEW_RECORDS", 20)
    monkeypatch.setattr(merging, "FILE_ROWS", 1000)


def filled(folder: Path, count: int = COUNT) -> Gallery:
    gallery = Gallery(folder, model=MODEL, create=True, upkeep=False)
    gallery.add((record(row) for row in range(count)), batch=1000)
    return gallery


@pytest.fixture
def gallery(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """Filled, and its index built and measured: a copy of one that all tests share."""
    made = made_once(tmp_path_factory, "indexed-gallery", lambda folder: filled(folder / "gallery").compact())
    return Gallery(shutil.copytree(made / "gallery", tmp_path / "gallery"), model=MODEL, upkeep=False)


def rows_of(matches) -> list[int]:
    return [int(match.fields["row"]) for match in matches]


def nearest(query: np.ndarray, keep: np.ndarray, k: int) -> list[int]:
    return keep[np.argsort(-(VECTORS[keep] @ query), kind="stable")[:k]].tolist()


def queries(count: int) -> np.ndarray:
    near = VECTORS[np.random.default_rng(5).integers(0, COUNT, count)]
    return unit_vectors(near + 0.05 * np.random.default_rng(6).normal(size=near.shape), width=WIDTH)


def found_share(gallery: Gallery, keep: np.ndarray, **filters: object) -> float:
    """The share of the ten nearest that single searches find; each must give ten matches with exact similarities."""
    shares = []
    for query in queries(60):
        matches = gallery.search(query, k=10, **filters)[0]
        assert len(matches) == 10
        assert not matches.exact
        np.testing.assert_allclose(
            [match.similarity for match in matches], VECTORS[rows_of(matches)] @ query, atol=2e-6
        )
        shares.append(len({*rows_of(matches)} & {*nearest(query, keep, 10)}) / 10)
    return float(np.mean(shares))


def test_an_approximate_index_finds_what_it_was_measured_to_find(gallery):
    info = gallery.info()
    assert (info.index_kind, info.indexed, info.unindexed) == ("IvfRq", COUNT, 0)
    assert min(info.recall, info.filtered_recall) >= recall.WANTED
    assert info.index_bytes < COUNT * WIDTH * 4
    assert found_share(gallery, np.arange(COUNT)) >= 0.97


@pytest.mark.parametrize(
    ("filters", "fits"),
    [
        ({"cameras": ["c1"]}, lambda row: row % 5 == 1),
        ({"before": START + timedelta(minutes=700)}, lambda row: row < 700),
        (
            {"where": {"row": Span(100, 2000)}, "cameras": ["c0", "c2"]},
            lambda row: 100 <= row <= 2000 and row % 5 in (0, 2),
        ),
    ],
)
def test_a_filtered_search_through_the_index_gives_k_matches_that_fit(gallery, filters, fits):
    keep = np.array([row for row in range(COUNT) if fits(row)])
    assert found_share(gallery, keep, **filters) >= 0.95


def test_few_records_that_fit_are_all_compared(gallery):
    matches = gallery.search(VECTORS[3], k=10, before=START + timedelta(minutes=8))[0]
    assert matches.exact
    assert rows_of(matches) == nearest(VECTORS[3], np.arange(8), 10)


@pytest.mark.parametrize("count", [1, 3, 300])
def test_an_exact_search_of_a_gallery_with_an_index_compares_every_record(gallery, count):
    for query, matches in zip(queries(count), gallery.search(queries(count), k=10, exact=True), strict=True):
        assert matches.exact
        assert rows_of(matches) == nearest(query, np.arange(COUNT), 10)


def test_records_added_after_the_index_are_found_before_and_after_it_takes_them_up(gallery):
    gallery.add([record(row, LATE) for row in range(150)])
    assert (gallery.info().unindexed, gallery.note) == (150, "")
    for _ in range(2):
        for row in (0, 70, 149):
            match = gallery.search(LATE[row], k=1)[0][0]
            assert match.similarity == pytest.approx(1.0, abs=1e-6)
            assert match.fields["row"] == row
        gallery.compact()
    assert (gallery.info().indexed, gallery.info().unindexed) == (COUNT + 150, 0)


def test_below_the_size_where_an_approximate_index_pays_searches_are_exact(tmp_path):
    gallery = filled(tmp_path / "gallery", 1500)
    gallery.compact()
    assert (gallery.info().index_kind, gallery.info().recall) == ("IvfFlat", 1.0)
    assert gallery.search(VECTORS[0])[0].exact
    gallery.add(record(row) for row in range(1500, COUNT))
    gallery.compact()
    assert gallery.info().index_kind == "IvfRq"
    assert not gallery.search(VECTORS[0])[0].exact


def test_an_index_that_finds_too_little_is_replaced_by_exact_search_and_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(recall, "WANTED", 1.1)
    gallery = filled(tmp_path / "gallery")
    gallery.compact()
    assert gallery.info().index_kind == "IvfFlat"
    assert gallery.note.startswith("searches are exact: an approximate index found ")
    assert rows_of(gallery.search(VECTORS[9])[0]) == nearest(VECTORS[9], np.arange(COUNT), 10)


def test_the_index_comes_by_itself_beside_adding_and_searching(tmp_path):
    gallery = Gallery(tmp_path / "gallery", model=MODEL, create=True)
    gallery.add((record(row) for row in range(COUNT)), batch=500)
    gallery._background.wait()
    assert gallery.info().index_kind == "IvfRq"
    filled(tmp_path / "another")
    another = Gallery(tmp_path / "another")
    assert another.note == "no index yet: searches compare every record; `reseen gallery compact` builds one"
    assert rows_of(another.search(VECTORS[9])[0]) == nearest(VECTORS[9], np.arange(COUNT), 10)
    another._background.wait()
    assert another.info().index_kind == "IvfRq"
    assert (another.note, another.search(VECTORS[9])[0].exact) == ("", False)


def test_a_gallery_is_searched_and_added_to_while_its_index_is_built(gallery, tmp_path):
    builder, wrong = Gallery(tmp_path / "gallery", upkeep=False), []

    def build() -> None:
        try:
            for _ in range(3):
                builder.create_index()
        except ReseenError as error:
            wrong.append(str(error))

    thread = Thread(target=build)
    thread.start()
    row = 0
    while thread.is_alive():
        if row < len(LATE):
            assert gallery.add(record(row, LATE)).added == 1
            row += 1
        assert gallery.search(VECTORS[9], k=1)[0][0].fields["row"] == 9
    thread.join()
    assert (wrong, len(gallery)) == ([], COUNT + row)
    assert gallery.search(LATE[0], k=1)[0][0].similarity == pytest.approx(1.0, abs=1e-6)


def damage(folder: Path, name: str) -> None:
    for path in (folder / "records.lance" / "_indices").glob(f"*/{name}"):
        path.write_bytes(path.read_bytes()[:100])


def lose_facts(gallery: Gallery) -> None:
    with gallery._store.writing() as table:
        table.update_field_metadata({"path": "vector", "metadata": {indexes.FACTS: '{"of": "another version"}'}})


@pytest.mark.parametrize(
    ("harm", "note"),
    [
        (lambda gallery, folder: damage(folder, "auxiliary.idx"), "the index cannot be read, searches are exact: "),
        (lambda gallery, folder: lose_facts(gallery), "its index (IvfRq) is of another format: searches are exact"),
    ],
)
def test_an_index_that_cannot_be_used_is_said_and_searches_are_exact(gallery, tmp_path, harm, note):
    harm(gallery, tmp_path / "gallery")
    again = Gallery(tmp_path / "gallery", upkeep=False)
    matches = again.search(VECTORS[9])[0]
    assert (rows_of(matches), matches.exact) == (nearest(VECTORS[9], np.arange(COUNT), 10), True)
    assert again.note.startswith(note)
    assert "\n" not in again.note


def files(folder: Path) -> set[str]:
    """Every file of records and every index; names are never used again. Within a file, strings are compressed."""
    places = (*folder.glob("records.lance/data/*"), *folder.glob("records.lance/_indices/*"))
    return {str(path.relative_to(folder)) for path in places}


def holds_vector(folder: Path, row: int) -> bool:
    return any(VECTORS[row].tobytes() in path.read_bytes() for path in folder.rglob("*") if path.is_file())


FORGOTTEN: list[Callable[[int], bool]] = [
    lambda row: row == 1234,
    lambda row: row % 50 == 7,
    lambda row: row < 1000,
    lambda row: 100 <= row < 2900,
]


@pytest.mark.parametrize("gone", FORGOTTEN)
def test_forgotten_records_are_in_no_file_of_data_or_index(gallery, tmp_path, gone):
    rows = [row for row in range(COUNT) if gone(row)]
    kept = np.array([row for row in range(COUNT) if not gone(row)])
    ids = {row: content_id(record(row)) for row in range(COUNT)}
    assert holds_vector(tmp_path / "gallery", rows[0])
    before = files(tmp_path / "gallery")
    assert gallery.forget(ids=[ids[row] for row in rows]) == len(rows)
    for row in rows[:: max(1, len(rows) // 20)]:
        assert not holds_vector(tmp_path / "gallery", row)
    left = {path for path in before & files(tmp_path / "gallery") if "_indices" in path}
    assert not left, "each index covered all files"
    assert len(gallery) == len(kept)
    for row in kept[:: len(kept) // 40].tolist():
        assert rows_of(gallery.search(VECTORS[row], k=1)[0]) == [row]
    found = gallery.search(VECTORS[rows[0]], k=10)[0]
    assert not {*rows_of(found)} & {*rows}


def repeated(folder: Path) -> Counter[bytes]:
    """How often each piece of 16 bytes stands in the index, of pieces that may be codes: of many numbers below 16."""
    pieces: Counter[bytes] = Counter()
    for path in folder.glob("records.lance/_indices/*/auxiliary.idx"):
        data = path.read_bytes()
        small = np.lib.stride_tricks.sliding_window_view(np.frombuffer(data, dtype=np.uint8), 16).max(axis=1) < 16
        pieces.update(data[first : first + 16] for first in np.flatnonzero(small).tolist())
    return Counter({piece: count for piece, count in pieces.items() if len({*piece}) > 7})


def test_no_code_of_a_forgotten_record_is_left_in_the_index(tmp_path):
    """Two records of one vector have one code, which stands in the index twice, then once, then not at all."""
    gallery = filled(tmp_path / "gallery")
    twin = gallery.add(Record(vector=VECTORS[1000], reference="twin")).ids[0]
    gallery.compact()
    code = {piece for piece, count in repeated(tmp_path / "gallery").items() if count == 2}
    assert code
    assert gallery.forget(ids=[twin]) == 1
    assert {repeated(tmp_path / "gallery")[piece] for piece in code} == {1}
    assert gallery.forget(ids=[content_id(record(1000))]) == 1
    assert {repeated(tmp_path / "gallery")[piece] for piece in code} == {0}


def indexed_rows(gallery: Gallery, folder: Path) -> dict[str, list[int]]:
    """The numbers of the rows that stand in each index, read from its files; a bitmap's are packed and left out."""
    rows: dict[str, list[int]] = {}
    for segment in merging.segments(gallery._store.table):
        for name, column in (("auxiliary.idx", "_rowid"), ("page_data.lance", "ids")):
            path = folder / "records.lance" / "_indices" / segment.folder / name
            if path.exists():
                table = LanceFileReader(str(path)).read_all().to_table()
                rows.setdefault(segment.name, []).extend(table[column].to_pylist())
    return {index: sorted(held) for index, held in rows.items()}


def stored_rows(gallery: Gallery) -> list[int]:
    query = gallery._store.table.search().select(["model"]).with_row_id(with_row_id=True)
    return sorted(query.to_arrow()["_rowid"].to_pylist())


INDEXES = ("id_idx", "time_idx", "vector_idx")


@pytest.mark.parametrize("gone", FORGOTTEN)
@pytest.mark.parametrize("rows_of_a_file", [64, 256, 4096])
def test_indexes_hold_the_rows_that_are_there_and_no_others(gallery, tmp_path, monkeypatch, gone, rows_of_a_file):
    """Also where whole files go, of which Lance's indexes keep what they hold."""
    monkeypatch.setattr(merging, "FILE_ROWS", rows_of_a_file)
    gallery.forget(identity="<name of 2999>")  # splits the files
    ids = [content_id(record(row)) for row in range(COUNT) if gone(row)]
    gallery.forget(ids=ids)
    assert gallery.info().index_kind == "IvfRq"
    assert indexed_rows(gallery, tmp_path / "gallery") == dict.fromkeys(INDEXES, stored_rows(gallery))


def test_forgetting_leaves_files_and_segments_of_the_index_alone_that_hold_nothing_of_it(gallery, tmp_path):
    gallery.add([record(row, LATE) for row in range(300)])
    gallery.compact()
    before = files(tmp_path / "gallery")
    assert gallery.forget(ids=[content_id(record(5, LATE))]) == 1
    kept = files(tmp_path / "gallery") & before
    assert len(kept) == 4, "three files of the first records, and their segment"
    assert gallery.info().unindexed == 0
    assert indexed_rows(gallery, tmp_path / "gallery") == dict.fromkeys(INDEXES, stored_rows(gallery))


def test_an_index_that_keeps_codes_of_a_lost_file_is_dropped(gallery, monkeypatch):
    monkeypatch.setattr(forgetting, "merge_segments", lambda *_, **__: None)
    assert gallery.forget(ids=[content_id(record(row)) for row in range(1000)]) == 1000
    assert gallery.info().index_kind == ""
    assert gallery.note == "no index yet: searches compare every record; `reseen gallery compact` builds one"
    gallery.compact()
    assert gallery.info().index_kind == "IvfRq"


def test_what_was_deleted_with_its_whole_file_leaves_the_indexes_at_the_next_forget(gallery, tmp_path):
    gallery.delete([content_id(record(row)) for row in range(1000)])
    gallery.add([record(row, LATE) for row in range(300)])
    gallery.compact()
    assert len(indexed_rows(gallery, tmp_path / "gallery")["vector_idx"]) > len(gallery)
    assert gallery.forget(identity="<nobody>") == 0
    assert indexed_rows(gallery, tmp_path / "gallery") == dict.fromkeys(INDEXES, stored_rows(gallery))


def test_new_records_become_few_segments_of_the_index_beside_the_large_one(gallery, tmp_path):
    def segments() -> list[merging.Segment]:
        return [part for part in merging.segments(gallery._store.table) if part.name == indexes.VECTOR_INDEX]

    first = segments()
    for start in range(0, 600, 50):
        gallery.add([record(row, LATE) for row in range(start, start + 50)])
        gallery.compact()
        assert gallery.info().unindexed == 0
    assert segments()[0] == first[0], "it was not written anew"
    assert 2 <= len(segments()) <= 5
    for row in range(0, 600, 40):
        assert gallery.search(LATE[row], k=1)[0][0].similarity == pytest.approx(1.0, abs=1e-6)
    assert indexed_rows(gallery, tmp_path / "gallery") == dict.fromkeys(INDEXES, stored_rows(gallery))


def test_a_file_that_could_not_be_removed_is_named(gallery, tmp_path):
    held = next((tmp_path / "gallery").rglob("data/*.lance"))
    held.with_name(".nfs0001").hardlink_to(held)
    with pytest.raises(ReseenError, match=r"1 could not be removed.*\.nfs0001"):
        gallery.forget(identity="<name of 7>")


def test_an_interrupted_forget_of_few_files_is_completed_by_the_same_call(gallery, tmp_path, monkeypatch):
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for step in ("drop_dead_rows", "segments", "_end_deletion", "remove_older", "index_columns"):
        with monkeypatch.context() as patched:
            patched.setattr(forgetting, step, interrupt)
            with pytest.raises(KeyboardInterrupt):
                gallery.forget(identity="<name of 7>")
        assert gallery.forget(identity="<name of 7>") == 0
        assert not holds_vector(tmp_path / "gallery", 7)
        assert gallery.add(record(7)).added == 1
        gallery.compact()


@pytest.mark.parametrize("step", ["drop_column_indexes", "merge_segments", "_end_deletion", "index_columns"])
def test_an_interrupted_forget_of_whole_files_is_completed_by_the_same_call(gallery, tmp_path, monkeypatch, step):
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    forget = partial(gallery.forget, before=START + timedelta(minutes=1000))
    with monkeypatch.context() as patched:
        patched.setattr(forgetting, step, interrupt)
        with pytest.raises(KeyboardInterrupt):
            forget()
    assert forget() == 0
    assert not holds_vector(tmp_path / "gallery", 7)
    assert indexed_rows(gallery, tmp_path / "gallery") == dict.fromkeys(INDEXES, stored_rows(gallery))


def test_a_disk_that_fills_while_the_index_is_built_loses_nothing(tmp_path):
    gallery = filled(tmp_path / "gallery")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        with pytest.raises(ReseenError, match="there is no room for it on the disk; the gallery is unchanged"):
            gallery.create_index()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (len(gallery), gallery.info().index_kind) == (COUNT, "")
    gallery.compact()
    assert gallery.info().index_kind == "IvfRq"


def test_the_sizes_of_the_caches_come_from_the_environment_or_the_call(tmp_path, monkeypatch):
    gallery = filled(tmp_path / "gallery", 10)
    assert (gallery.info().index_cache, gallery.info().metadata_cache) == (2 << 30, 256 << 20)
    monkeypatch.setenv("RESEEN_INDEX_CACHE", "64")
    assert Gallery(tmp_path / "gallery").info().index_cache == 64 << 20
    assert Gallery(tmp_path / "gallery", caches=CacheSizes(1000, 2000)).info().metadata_cache == 2000
    monkeypatch.setenv("RESEEN_INDEX_CACHE", "much")
    with pytest.raises(ReseenError, match="RESEEN_INDEX_CACHE: expected a number of MB, got 'much'"):
        Gallery(tmp_path / "gallery")


def test_who_is_who_asks_the_index_for_the_nearest_and_finds_nearly_all_of_them(gallery):
    table, facts = gallery._store.snapshot(), index_facts(gallery._store)
    assert facts is not None
    records = read_records(table)
    exact, found = (near_records(table, records, count=8, facts=way) for way in (None, facts))
    assert found.rows.shape == exact.rows.shape
    assert not (found.rows == np.arange(len(records.vectors))[:, None]).any()
    shares = [len({*one} & {*other}) / 8 for one, other in zip(found.rows.tolist(), exact.rows.tolist(), strict=True)]
    assert np.mean(shares) > 0.95
    np.testing.assert_allclose(found.similarity[:, 0], exact.similarity[:, 0], atol=0.01)


def test_a_search_reads_only_the_parts_of_the_index_that_it_was_measured_with(tmp_path, monkeypatch):
    monkeypatch.setattr(indexes, "PARTITION", 250)
    monkeypatch.setattr(recall, "_FIRST_PROBES", 2)
    gallery = filled(tmp_path / "gallery")
    gallery.create_index()
    facts = gallery._store.plan().facts
    assert facts.parts == COUNT // 250
    assert facts.probes < facts.parts
    search = candidates.candidates(gallery._store.table, queries(1), probes=facts.probes, refine=4, where=None)
    told = search.limit(10).select(["_distance"]).analyze_plan()
    assert f"partitions_searched={facts.probes}," in told
    assert found_share(gallery, np.arange(COUNT)) >= 0.97


def test_a_rare_filter_reads_more_parts_and_finds_as_many_matches_as_fit(tmp_path, monkeypatch):
    monkeypatch.setattr(indexes, "PARTITION", 250)
    gallery = filled(tmp_path / "gallery")
    gallery.create_index()
    facts = gallery._store.plan().facts._replace(records=3200, parts=70, filtered_probes=4)
    for plain, expected in ((2, [4, 4, 7, 30]), (1, [4, 4, 8, 70]), (4, [4, 4, 5, 9])):
        known = facts._replace(probes=plain)
        probes = [through_index.for_filter(known, fitting=fitting).filtered_probes for fitting in (800, 400, 100, 1)]
        assert probes == expected, "twice as many parts for an eighth: the third root of how much rarer, at most all"
    keep = np.array([row for row in range(COUNT) if row % 5 == 2 and row < 200])
    filters = {"cameras": ["c2"], "before": START + timedelta(minutes=200)}
    assert found_share(gallery, keep, **filters) >= 0.97
    few = gallery._store.plan().facts._replace(filtered_probes=1)
    where = condition(gallery._store.schema, cameras=["c2"], where={"row": Span(0, 199)})
    answer = through_index.by_parts(gallery._store, queries(1), k=30, where=where, facts=few, columns=["id"])
    assert [len(matches) for matches in answer] == [30]


@pytest.mark.parametrize(
    ("needed", "parts", "chosen"),
    [
        (53, 122, 56),
        (85, 122, 85),
        (3, 122, 3),
        (122, 122, 122),
        (500, 122, 122),
        (600, 1220, 608),
        (5, 1220, 5),
        (3, 4, 3),
    ],
)
def test_hardly_more_parts_are_read_than_the_recall_needs(needed, parts, chosen):
    assert recall._fewest(lambda probes: probes >= needed, parts=parts) == chosen


class FoundBy:
    """Searches whose vectors find all of their ten nearest from so many parts on."""

    def __init__(self, needed: list[int], *, lost_at: int = -1) -> None:
        self.needed, self.lost_at, self.asked = needed, lost_at, Counter()

    def __call__(self, asked: np.ndarray, *, probes: int) -> list[np.ndarray]:
        self.asked[probes] += len(asked)
        lost = probes == self.lost_at and len(asked) == len(self.needed)
        return [np.arange(10 if probes >= self.needed[place] and not lost else 5) for place in asked.tolist()]


TEN = recall.Truth([np.arange(10)] * 100, None)


def test_vectors_whose_nearest_fewer_parts_hold_are_not_asked_again_until_all_are_measured():
    searches = FoundBy([1] * 90 + [20] * 10)
    found = recall.Recall(searches, TEN, refine=2)
    assert recall._fewest_probes(found, parts=122) == (20, 1.0)
    assert searches.asked == {8: 100, 16: 10, 32: 10, 24: 10, 20: 10 + 100, 18: 10, 19: 10}


def test_the_recall_is_that_of_all_vectors_and_where_it_falls_short_more_parts_are_tried():
    found = recall.Recall(FoundBy([1] * 90 + [20] * 10, lost_at=20), TEN, refine=2)
    assert recall._fewest_probes(found, parts=122) == (21, 1.0)
    never = recall.Recall(FoundBy([1] * 90 + [200] * 10), TEN, refine=2)
    assert recall._fewest_probes(never, parts=122) == (122, pytest.approx(0.95))


@pytest.mark.parametrize(("refine", "found"), [(1, 0), (2, 0.5), (4, 1)])
def test_only_so_many_candidates_count_as_a_search_compares(refine, found):
    """Each of the ten nearest has fifteen strangers before it, of whom none fits the filter."""

    def searches(asked: np.ndarray, *, probes: int) -> list[np.ndarray]:
        return [np.r_[100:115, 0:10] for _ in asked]

    assert recall.Recall(searches, TEN, refine=refine).measured(8) == found
    assert recall.Recall(searches, TEN._replace(fit=np.arange(10)), refine=refine).measured(8) == 1


def test_where_more_parts_do_not_help_few_are_tried():
    tried: list[int] = []

    class Stuck(recall.Recall):
        def expected(self, probes: int) -> float:
            return float(probes >= 152)

        def measured(self, probes: int) -> float:
            tried.append(probes)
            return 0.98

    assert recall._fewest_probes(Stuck(FoundBy([1]), TEN, refine=2), parts=1220) == (1220, 0.98)
    assert len(tried) < 9


def test_vectors_that_are_there_a_hundred_times_do_not_count_as_misses(tmp_path):
    gallery = filled(tmp_path / "gallery", 400)
    same = np.tile(VECTORS[:1], (100, 1))
    gallery.add([Record(vector=vector, reference=f"same {row}") for row, vector in enumerate(same)])
    table = gallery._store.table
    taken = recall._sampled(table)
    sample, (plain, filtered) = recall._with_truths(table, taken)
    copies = (taken.vectors @ same[0] > 1 - 1e-6).sum()
    assert copies > 10
    assert len(sample.rows) == len(plain.nearest) == len(filtered.nearest) == len(taken.rows) - copies


@pytest.mark.parametrize(("where", "place"), [(None, 0), (recall._AN_EIGHTH, 1)])
def test_the_measured_recall_is_what_lancedb_finds_and_compares_itself(tmp_path, monkeypatch, where, place):
    monkeypatch.setattr(indexes, "PARTITION", 250)
    table = filled(tmp_path / "gallery")._store.table
    assert indexes.build_approximate(table) == 12
    sample, truths = recall._with_truths(table, recall._sampled(table))
    truth = truths[place]
    search = candidates.candidates(table, sample.vectors, probes=3, refine=2, where=where).limit(11)
    found = candidates.rows_of_each(search, queries=len(sample.vectors))
    shares = [
        len({*wanted.tolist()} & {*rows.tolist()}) / 10 for wanted, rows in zip(truth.nearest, found, strict=True)
    ]
    searches = recall.Searches(table, sample, most=320)
    assert 0.5 < np.mean(shares) < 0.95
    assert recall.Recall(searches, truth, refine=2).measured(3) == pytest.approx(np.mean(shares), abs=0.02)


@pytest.mark.parametrize("filters", [{}, {"cameras": ["c0", "c1", "c2", "late"]}])
def test_what_another_process_adds_between_the_plan_and_the_search_is_found(gallery, tmp_path, monkeypatch, filters):
    """The plan knows of no record beside the index, so the first search leaves them out, and a second does not."""
    other, added, real = Gallery(tmp_path / "gallery", model=MODEL, upkeep=False), [], through_index.candidates
    gallery.add(replace(record(1, LATE), camera="late"))
    gallery.compact()
    for query in queries(fitting.LISTED_FROM):
        gallery.search(query, **filters)
    assert gallery._store.plan().late == 0

    def candidates(*given: object, **more: object) -> object:
        if not added:
            added.extend(other.add(replace(record(0, LATE), camera="late")).ids)
        return real(*given, **more)

    monkeypatch.setattr(through_index, "candidates", candidates)
    match = gallery.search(LATE[0], k=1, **filters)[0][0]
    assert (match.id, match.model) == (added[0], MODEL.fingerprint)


WIDE = [
    ({"cameras": ["c1", "c3"]}, lambda row: row % 5 in (1, 3)),
    (
        {"after": START + timedelta(minutes=500), "cameras": ["c0", "c2", "c4"]},
        lambda row: row >= 500 and row % 5 % 2 == 0,
    ),
    ({"where": {"row": Span(100, 2900)}}, lambda row: 100 <= row <= 2900),
]


@pytest.mark.parametrize(("filters", "fits"), WIDE)
def test_a_wide_filter_that_is_asked_again_is_applied_to_more_candidates_of_all_records(
    gallery, monkeypatch, filters, fits
):
    keep = np.array([row for row in range(COUNT) if fits(row)])
    first = [rows_of(gallery.search(query, k=10, **filters)[0]) for query in queries(fitting.LISTED_FROM - 1)]
    asked: list[object] = []
    real = through_index.candidates
    monkeypatch.setattr(
        through_index, "candidates", lambda *given, **more: asked.append(more["where"]) or real(*given, **more)
    )
    assert found_share(gallery, keep, **filters) >= 0.97
    assert sum(where is not None for where in asked) <= 3, "LanceDB is hardly asked to filter any more"
    again = [rows_of(gallery.search(query, k=10, **filters)[0]) for query in queries(fitting.LISTED_FROM - 1)]
    assert again == first


def test_a_filter_that_the_nearest_records_do_not_meet_is_left_to_lancedb_and_finds_as_many_matches(tmp_path):
    """Each query's own half of the space has another camera than the one that is asked for."""
    gallery = Gallery(tmp_path / "gallery", model=MODEL, create=True, upkeep=False)
    sides = [f"c{int(vector[0] > 0)}" for vector in VECTORS]
    gallery.add((replace(record(row), camera=side) for row, side in enumerate(sides)), batch=1000)
    gallery.compact()
    keep = np.array([row for row, side in enumerate(sides) if side == "c0"])
    facing = VECTORS[VECTORS[:, 0] > 0.4][:20]
    for query in facing:
        matches = gallery.search(query, k=10, cameras=["c0"])[0]
        assert len({*rows_of(matches)} & {*nearest(query, keep, 10)}) >= 8
    assert not gallery._store.fitting.kept, "the list has been given up"


def test_a_filtered_search_finds_what_was_added_and_not_what_was_deleted_since_its_rows_were_listed(gallery, tmp_path):
    cameras = ["c1", "c3", "late"]
    gallery.add(replace(record(0, LATE), camera="late"))
    for query in queries(fitting.LISTED_FROM + 2):
        gallery.search(query, cameras=cameras)
    other = Gallery(tmp_path / "gallery", model=MODEL, upkeep=False)
    added = other.add(replace(record(1, LATE), camera="late")).ids
    assert gallery.search(LATE[1], k=1, cameras=cameras)[0][0].id == added[0]
    other.delete(list(added))
    assert gallery.search(LATE[1], k=1, cameras=cameras)[0][0].id != added[0]


def test_rows_are_not_listed_anew_for_each_version_that_is_searched_once(gallery, monkeypatch):
    monkeypatch.setattr(fitting, "rows_that_meet", lambda *_: pytest.fail("listed"))
    for row in range(fitting.LISTED_FROM):
        gallery.search(VECTORS[row], cameras=["c1", "c2"])
        gallery.add(record(row, LATE))


def test_lists_of_rows_take_no_more_than_their_memory(gallery, monkeypatch):
    monkeypatch.setattr(fitting, "_MOST_BYTES", 8 * COUNT)
    lists = gallery._store.fitting
    for filters in ({"before": START + timedelta(minutes=2000)}, {"cameras": ["c1", "c2", "c3"]}):
        for query in queries(fitting.LISTED_FROM):
            gallery.search(query, **filters)
        assert [len(each.rows) for each in lists.kept.values()] == [2000 if "before" in filters else 1800]
    monkeypatch.setattr(fitting, "_MOST_BYTES", 80)
    for query in queries(fitting.LISTED_FROM):
        gallery.search(query, cameras=["c4"])
    assert len(lists.kept) == 1


def test_records_that_only_the_columns_indexes_lack_are_found_by_a_filter(gallery):
    """An index of vectors that is built anew holds all records, those of columns only what they held before."""
    gallery.add([replace(record(row, LATE), camera="late") for row in range(150)])
    gallery.create_index()
    assert gallery._store.plan().late == 150
    match = gallery.search(LATE[0], k=1, cameras=["c0", "c1", "late"])[0][0]
    assert (match.camera, match.similarity) == ("late", pytest.approx(1.0, abs=1e-6))


@pytest.mark.parametrize("gone", FORGOTTEN)
def test_a_damaged_index_of_vectors_does_not_keep_records_from_being_forgotten(gallery, tmp_path, gone):
    damage(tmp_path / "gallery", "auxiliary.idx")
    rows = [row for row in range(COUNT) if gone(row)]
    assert gallery.forget(ids=[content_id(record(row)) for row in rows]) == len(rows)
    assert not any(holds_vector(tmp_path / "gallery", row) for row in rows[:20])
    assert len(gallery.search(VECTORS[-1], k=3)[0]) == 3


def test_pylance_writes_only_where_it_sees_the_table_and_its_locks():
    def at(uri: str) -> object:
        return SimpleNamespace(_conn=SimpleNamespace(uri=uri))

    assert [merging.needs_lancedb(at(uri)) for uri in ("memory://", "s3+ddb://b/g?ddbTableName=c")] == [True, True]
    assert [merging.needs_lancedb(at(uri)) for uri in ("s3://bucket/g", "/galleries/memory:", "g?")] == [False] * 3
