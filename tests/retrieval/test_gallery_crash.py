"""What a gallery goes through: SIGKILL, Ctrl-C, a full disk, lost files, other writers, readers meanwhile."""

import errno
import fcntl
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest

from reseen.errors import ReseenError
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.record import Record
from reseen.retrieval.schema import GalleryModel
from reseen.retrieval.store import writer_lock

WIDTH, COUNT, BATCH = 32, 3000, 10
MODEL = GalleryModel("drawn", WIDTH)


def vector(row: int) -> np.ndarray:
    return np.random.default_rng(row).normal(size=WIDTH)


def record(row: int) -> Record:
    return Record(vector=vector(row), reference=f"{row}.jpg", identity=f"id {row}", fields={"row": row})


def filled(folder: Path, count: int, *, batch: int = BATCH) -> Gallery:
    gallery = Gallery(folder, model=MODEL, create=True)
    gallery.add([record(row) for row in range(count)], batch=batch)
    return gallery


def whole_rows(gallery: Gallery) -> list[int]:
    """The rows that are there; each is whole."""
    if not len(gallery):
        return []
    matches = gallery.search(vector(0), k=COUNT)[0]
    vectors = gallery.vectors([match.id for match in matches])
    rows = [int(match.fields["row"]) for match in matches]
    for row, match, held in zip(rows, matches, vectors, strict=True):
        assert (match.picture, match.identity) == (f"{row}.jpg", f"id {row}")
        np.testing.assert_allclose(held, vector(row) / np.linalg.norm(vector(row)), atol=1e-6)
    return sorted(rows)


ADDING = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_gallery_crash import COUNT, BATCH, MODEL, record, Gallery
gallery = Gallery(sys.argv[1], model=MODEL, create=True)
gallery.add((record(row) for row in range(COUNT)), batch=BATCH, progress=lambda count: print(count, flush=True))
"""


def killed_after(batches: int, folder: Path) -> int:
    """Add in another process, SIGKILL it a moment after so many batches; how many records it was told are safe."""
    with subprocess.Popen([sys.executable, "-c", ADDING, str(folder)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        acknowledged = sum(int(process.stdout.readline()) for _ in range(batches))
        process.send_signal(signal.SIGKILL)
        rest = sum(int(line) for line in process.stdout if line.strip())
        assert process.wait() == -signal.SIGKILL, "it was to be killed before it was done"
    return acknowledged + rest


def test_sigkill_loses_nothing_acknowledged_and_leaves_no_half_record(tmp_path):
    folder = tmp_path / "gallery"
    for batches in (1, 12):
        safe = killed_after(batches, folder)
        rows = whole_rows(Gallery(folder))
        assert rows == list(range(len(rows))), "in order, each once"
        assert safe <= len(rows) < COUNT
        assert len(rows) % BATCH == 0, "a batch is there whole or not at all"
    added = Gallery(folder, model=MODEL).add([record(row) for row in range(safe + 50)], batch=1000)
    assert (added.added, added.present) == (safe + 50 - len(rows), len(rows))


def test_a_gallery_killed_before_a_commit_is_as_it_was_before(tmp_path):
    """A killed writer leaves files that no version names: the newest manifests are taken away one by one."""
    filled(tmp_path / "gallery", 50)
    versions = tmp_path / "gallery" / "records.lance" / "_versions"
    manifests = sorted(versions.glob("*.manifest"))  # named so that the newest comes first
    for lost in range(1, 6):
        manifests[lost - 1].unlink()
        (versions / "latest_version_hint.json").unlink(missing_ok=True)
        left = Gallery(tmp_path / "gallery", model=MODEL)
        assert len(left) == 50 - lost * BATCH
        whole_rows(left)
    assert left.add([record(row) for row in range(50)], batch=7).added == 50
    left.compact()
    assert whole_rows(left) == list(range(50))


def test_ctrl_c_during_an_add_keeps_what_was_acknowledged(tmp_path):
    gallery = Gallery(tmp_path / "gallery", model=MODEL, create=True)
    told = []

    def interrupt_third(count: int) -> None:
        told.append(count)
        if len(told) == 3:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        gallery.add((record(row) for row in range(100)), batch=BATCH, progress=interrupt_third)
    assert whole_rows(gallery) == list(range(3 * BATCH))
    assert gallery.add(record(row) for row in range(100)).present == 3 * BATCH


@contextmanager
def disk_of(bytes_: int) -> Iterator[None]:
    """No file may grow beyond this: as near to a full disk as a test gets without rights."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_an_error_of_one_line_and_the_gallery_loses_nothing(tmp_path):
    gallery = filled(tmp_path / "gallery", 50)
    large = [Record(vector=np.random.default_rng(row).normal(size=WIDTH)) for row in range(COUNT)]
    with disk_of(100_000), pytest.raises(ReseenError) as caught:
        gallery.add(large, batch=COUNT)
    assert "no room for it on the disk; the gallery is unchanged" in str(caught.value)
    with disk_of(100), pytest.raises(ReseenError, match="no room"):
        gallery.forget(identity="id 3")
    assert whole_rows(gallery) == list(range(50))
    assert gallery.forget(identity="id 3") == 1


def test_a_disk_too_full_for_the_name_of_the_lock_holder_does_not_stop_a_deletion(tmp_path, monkeypatch):
    gallery = filled(tmp_path / "gallery", 20)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", full)
    assert gallery.forget(identity="id 3") == 1
    with (
        writer_lock(tmp_path / "gallery", patience=0),
        pytest.raises(ReseenError, match="in use by another process; try again"),
        writer_lock(tmp_path / "gallery", patience=0),
    ):
        pass


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_gallery_on_a_file_system_without_locks_can_be_searched_but_not_written(tmp_path, monkeypatch, code):
    gallery = filled(tmp_path / "gallery", 20)

    def no_lock(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", no_lock)
    for write in (
        lambda: gallery.add(record(99)),
        lambda: gallery.delete(["x"]),
        lambda: gallery.forget(identity="id 3"),
        gallery.compact,
        lambda: Gallery(tmp_path / "new", model=MODEL, create=True),
    ):
        with pytest.raises(ReseenError, match=rf"the file system has no locks \({os.strerror(code)}\)"):
            write()
    assert whole_rows(Gallery(tmp_path / "gallery")) == list(range(20))


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def every(pattern: str, harm) -> object:
    def harm_all(folder: Path) -> None:
        for path in folder.glob(f"records.lance/{pattern}"):
            harm(path)

    return harm_all


@pytest.mark.parametrize(
    "harm",
    [
        every("data/*", Path.unlink),
        every("data/*", truncate),
        every("data/*", lambda path: path.write_bytes(b"")),
        every("_versions/*.manifest", truncate),
        every("_versions/*", Path.unlink),
        lambda folder: shutil.rmtree(folder / "records.lance" / "_versions"),
        lambda folder: shutil.rmtree(folder / "records.lance"),
    ],
)
def test_a_damaged_gallery_is_refused_in_one_line(tmp_path, harm):
    filled(tmp_path / "gallery", 30)
    harm(tmp_path / "gallery")
    with pytest.raises(ReseenError) as caught:
        Gallery(tmp_path / "gallery", model=MODEL).search(vector(0))
    assert str(tmp_path / "gallery") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_no_gallery_is_refused(tmp_path):
    import lancedb

    lancedb.connect(tmp_path / "other").create_table("records", [{"x": 1}])
    with pytest.raises(ReseenError, match="was not made by a gallery"):
        Gallery(tmp_path / "other")
    (tmp_path / "file").write_text("x")
    with pytest.raises(ReseenError, match="no gallery there"):
        Gallery(tmp_path / "file")
    with pytest.raises(ReseenError, match="cannot be created"):
        Gallery(tmp_path / "file", model=MODEL, create=True)


def test_a_gallery_has_one_writer_at_a_time_and_readers_beside_it(tmp_path):
    filled(tmp_path / "gallery", 30)
    other = Gallery(tmp_path / "gallery", model=MODEL, patience=0.1)
    with writer_lock(tmp_path / "gallery", patience=0):
        for write in (lambda: other.add(record(99)), lambda: other.forget(identity="x"), other.compact):
            with pytest.raises(ReseenError, match=rf"in use by process {os.getpid()} on .*; try again when it is done"):
                write()
        assert len(other.search(vector(0), k=5)[0]) == 5
    assert other.add(record(99)).added == 1


def test_readers_see_whole_versions_while_one_writes(tmp_path):
    writer = filled(tmp_path / "gallery", 100, batch=100)
    done, wrong = Event(), []

    def read() -> None:
        reader = Gallery(tmp_path / "gallery")
        while not done.is_set():
            try:
                for queries in (1, 40):
                    seen = reader.search(np.stack([vector(0)] * queries), k=5)
                    if seen[-1][0].picture != "0.jpg":
                        wrong.append(f"the best was {seen[-1][0].image}")
                held = [match.fields["row"] for match in reader.search(vector(0), k=COUNT)[0]]
                if sorted(held)[:100] != list(range(100)) or len({*held}) not in (100, 200):
                    wrong.append(f"{len(held)} records")
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what the test looks for
                wrong.append(f"{type(error).__name__}: {error}")

    readers = [Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for step in range(1, 5):
        writer.add([record(row) for row in range(100 * step, 100 * step + 100)], batch=100)
        writer.compact()
        writer.create_index()
        writer.forget(ids=[match.id for match in writer.search(-vector(0), k=COUNT)[0] if match.fields["row"] >= 100])
    done.set()
    for reader in readers:
        reader.join()
    assert not wrong, wrong[:3]
