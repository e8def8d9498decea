"""Forgotten means gone: every file of the gallery is read raw, and nothing of the record is in it."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time

import numpy as np
import pytest

from clock_ahead import dated
from plain_embedder import PlainEmbedder
from reseen.errors import ReseenError
from reseen.retrieval import forgetting, indexes, merging
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.intake import content_id, unit_vectors
from reseen.retrieval.record import Record
from reseen.retrieval.schema import GalleryModel

WIDTH, COUNT = 24, 60
START = datetime(2026, 1, 1, tzinfo=UTC)
VECTORS = np.random.default_rng(3).normal(size=(COUNT, WIDTH)).astype(np.float32)
STORED = unit_vectors(VECTORS, width=WIDTH)


def name_of(row: int) -> str:
    return f"<name of {row}>"


def record(row: int) -> Record:
    return Record(
        vector=VECTORS[row],
        reference=f"<file of {row}>",
        identity=name_of(row),
        camera=f"camera {row % 3}",
        time=START + timedelta(days=row),
        fields={"plate": f"<plate of {row}>"},
    )


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    made = Gallery(tmp_path / "gallery", model=GalleryModel("drawn", WIDTH), create=True)
    made.add([record(row) for row in range(COUNT)], batch=25)
    return made


def traces(folder: Path, row: int) -> list[str]:
    """What of a record any file of the gallery holds: 16 bytes of its vector, its words, its id."""
    written = b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
    vector = STORED[row].tobytes()
    sought = {"vector": vector, "part of the vector": vector[20:36]}
    sought |= {word: f"<{word} of {row}>".encode() for word in ("name", "file", "plate")}
    sought["id"] = content_id(record(row)).encode()
    return [what for what, piece in sought.items() if piece in written]


def rows_left(gallery: Gallery) -> set[int]:
    return {int(match.picture.split()[-1][:-1]) for match in gallery.search(VECTORS[0], k=COUNT)[0]}


WISHES = [
    ({"identity": name_of(7)}, {7}),
    ({"camera": "camera 1"}, {row for row in range(COUNT) if row % 3 == 1}),
    ({"before": START + timedelta(days=5)}, set(range(5))),
    ({"camera": "camera 2", "before": START + timedelta(days=9)}, {2, 5, 8}),
    ({"before": START + timedelta(days=1000)}, set(range(COUNT))),
]


@pytest.mark.parametrize("index", [False, True])
@pytest.mark.parametrize(("wish", "gone"), WISHES)
def test_no_file_holds_what_was_forgotten(gallery, tmp_path, monkeypatch, wish, gone, index):
    if index:
        monkeypatch.setattr(indexes, "INDEX_PAYS", 10)
    gallery.compact()  # one file, of which too little goes for the engine to write it anew by itself
    assert len(traces(tmp_path / "gallery", 7)) == 6, "the test sees what is there"
    assert gallery.forget(**wish) == len(gone)
    for row in range(COUNT):
        assert bool(traces(tmp_path / "gallery", row)) == (row not in gone), row
    assert rows_left(gallery) == set(range(COUNT)) - gone
    assert gallery.info().indexed == (len(gallery) if index and len(gallery) >= 10 else 0)


def test_forget_also_removes_what_was_changed_or_deleted_before(gallery, tmp_path):
    gallery.create_index()
    seven, eight, nine = (gallery.search(VECTORS[row], k=1)[0][0].id for row in (7, 8, 9))
    gallery.update([seven], {"identity": "renamed", "plate": "other"})
    gallery.delete([eight])
    gallery.update([nine], {"camera": "camera 9"})
    assert len(traces(tmp_path / "gallery", 7)) == len(traces(tmp_path / "gallery", 8)) == 6, "they lie there still"
    assert gallery.forget(identity="renamed") == 1
    assert traces(tmp_path / "gallery", 7) == traces(tmp_path / "gallery", 8) == []
    assert rows_left(gallery) == set(range(COUNT)) - {7, 8}


def test_forgetting_nobody_still_removes_what_is_no_longer_there(gallery, tmp_path):
    gallery.delete([gallery.search(VECTORS[8], k=1)[0][0].id])
    assert traces(tmp_path / "gallery", 8)
    assert gallery.forget(identity=name_of(8)) == 0
    assert not traces(tmp_path / "gallery", 8)


STEPS = ("delete_all", "drop_dead_rows", "segments", "_end_deletion", "remove_older", "_refuse_left_files")


@pytest.mark.parametrize("step", STEPS)
def test_an_interrupted_forget_is_completed_by_the_same_call(gallery, tmp_path, monkeypatch, step):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(forgetting, step, interrupt)
        with pytest.raises(KeyboardInterrupt):
            gallery.forget(identity=name_of(7))
    again = Gallery(tmp_path / "gallery")
    assert len(again) == (COUNT if step == "delete_all" else COUNT - 1)
    again.forget(identity=name_of(7))
    assert not traces(tmp_path / "gallery", 7)
    assert rows_left(again) == set(range(COUNT)) - {7}


def test_nothing_is_left_of_a_record_that_was_alone_in_its_file(gallery, tmp_path):
    """No file is written anew, so the version of the deletion, which holds its condition, would stay the newest."""
    gallery.forget(identity=name_of(7))
    gallery.add(record(7))
    gallery.update([content_id(record(7))], {"identity": "renamed"})
    assert gallery.forget(identity="renamed") == 1
    assert not traces(tmp_path / "gallery", 7)
    written = b"".join(path.read_bytes() for path in (tmp_path / "gallery").rglob("*") if path.is_file())
    assert b"renamed" not in written


def data_files(folder: Path) -> set[Path]:
    return set(folder.glob("records.lance/data/*"))


def test_forgetting_writes_only_the_files_anew_that_hold_what_is_forgotten(gallery, tmp_path):
    before = data_files(tmp_path / "gallery")
    assert len(before) == 3
    assert gallery.forget(ids=[content_id(record(30))]) == 1
    left = data_files(tmp_path / "gallery")
    assert (len(before & left), len(left)) == (2, 3)
    assert rows_left(gallery) == set(range(COUNT)) - {30}


def test_compact_merges_small_files_and_leaves_the_others(tmp_path, monkeypatch):
    monkeypatch.setattr(merging, "FILE_ROWS", 20)
    gallery = Gallery(tmp_path / "gallery", model=GalleryModel("drawn", WIDTH), create=True)
    gallery.add([record(row) for row in range(25)])
    first = data_files(tmp_path / "gallery")
    gallery.add([record(row) for row in range(25, COUNT)], batch=5)
    gallery.compact()
    merged = data_files(tmp_path / "gallery")
    assert len(merged) == 2, "35 rows are less than two files of 20"
    assert first < merged
    gallery.compact()
    assert data_files(tmp_path / "gallery") == merged
    assert rows_left(gallery) == set(range(COUNT))


def test_a_file_of_an_earlier_version_is_split_once_it_is_written_anew(gallery, tmp_path, monkeypatch):
    gallery._store.table.optimize(cleanup_older_than=timedelta(milliseconds=1), delete_unverified=True)
    assert len(data_files(tmp_path / "gallery")) == 1
    monkeypatch.setattr(merging, "FILE_ROWS", 10)
    assert gallery.forget(identity=name_of(7)) == 1
    rows = merging.rows_of_files(gallery._store.table).values()
    assert len(rows) > 1
    assert all(10 <= count < 20 for count in rows)
    assert not traces(tmp_path / "gallery", 7)
    assert rows_left(gallery) == set(range(COUNT)) - {7}


def test_forget_removes_the_thumbnail_and_leaves_the_image_file(tmp_path, image):
    path = tmp_path / "seen.png"
    image(1, 0).save(path)
    gallery = Gallery(tmp_path / "gallery", embedder=PlainEmbedder(), create=True)
    one = gallery.add([Record(picture=path, identity="someone"), image(2, 0)]).ids[0]
    thumbnail = gallery.thumbnail(one)

    def lies_there() -> bool:
        files = [file for file in (tmp_path / "gallery").rglob("*") if file.is_file()]
        return any(thumbnail[-200:-100] in file.read_bytes() for file in files)

    assert lies_there()
    assert gallery.forget(ids=[one]) == 1
    assert not lies_there()
    assert path.exists()
    assert len(gallery) == 1


def test_records_without_the_column_asked_for_are_not_forgotten(gallery):
    gallery.add(Record(vector=-VECTORS[0], reference="<file of 99>"))
    assert gallery.forget(identity=name_of(1)) == 1
    assert gallery.forget(before=START + timedelta(days=1)) == 1
    assert rows_left(gallery) == {*range(2, COUNT), 99}


def date_versions(folder: Path, *, ahead: int) -> None:
    """As if the clock had been ahead all the while."""
    for file in folder.rglob("*.*"):
        if file.suffix == ".manifest":
            file.write_bytes(dated(file.read_bytes(), now=time(), ahead=ahead))
        os.utime(file, (time() + ahead, time() + ahead))


YEARS = 70 * 365 * 24 * 3600


@pytest.mark.parametrize("ahead", [1, YEARS])
def test_versions_of_a_clock_that_was_ahead_are_forgotten_too(gallery, tmp_path, ahead):
    date_versions(tmp_path / "gallery", ahead=ahead)
    reader, writer = Gallery(tmp_path / "gallery"), Gallery(tmp_path / "gallery")
    assert len(reader) == COUNT
    assert writer.forget(identity=name_of(7)) == 1
    assert not traces(tmp_path / "gallery", 7)
    assert len(list((tmp_path / "gallery").rglob("*.manifest"))) == 1
    assert rows_left(reader) == set(range(COUNT)) - {7}


def test_a_version_of_a_clock_that_was_ahead_is_removed_by_compact(gallery, tmp_path):
    gallery.delete([gallery.search(VECTORS[8], k=1)[0][0].id])
    gallery.update([gallery.search(VECTORS[9], k=1)[0][0].id], {"identity": "renamed"})
    date_versions(tmp_path / "gallery", ahead=YEARS)
    again = Gallery(tmp_path / "gallery")
    again.compact()
    assert len(list((tmp_path / "gallery").rglob("*.manifest"))) == 1
    assert rows_left(again) == set(range(COUNT)) - {8}


def test_forget_names_an_older_file_that_cannot_be_removed(gallery, tmp_path):
    """As a network file system keeps one, under another name, while somebody reads it."""
    gallery.compact()
    held = next((tmp_path / "gallery").rglob("data/*.lance"))
    kept = held.with_name(".nfs0001")
    kept.hardlink_to(held)
    with pytest.raises(ReseenError, match=r"older files may hold them: 1 could not be removed.*\.nfs0001"):
        gallery.forget(identity=name_of(7))
    assert traces(tmp_path / "gallery", 7)
    kept.unlink()
    assert gallery.forget(identity=name_of(7)) == 0
    assert not traces(tmp_path / "gallery", 7)


def test_what_a_killed_writer_had_begun_to_write_is_removed(tmp_path):
    gallery = Gallery(tmp_path / "gallery", model=GalleryModel("drawn", 2), create=True)
    gallery.add([Record(vector=[1, 0], identity="a"), Record(vector=[0, 1], identity="b")])
    begun = tmp_path / "gallery" / "records.lance" / "_deletions" / ".tmpGilat6"
    begun.parent.mkdir(exist_ok=True)
    begun.write_bytes(b"half")
    assert gallery.forget(identity="a") == 1
    assert not begun.exists()
