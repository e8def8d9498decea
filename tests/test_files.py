"""Files of ours are whole, whoever writes beside us, and whatever stands where they go."""

import errno
import json
import os
from pathlib import Path
from typing import IO

import numpy as np
import pytest
import torch

from reseen.errors import ReseenError
from reseen.files import remove_unfinished, write_atomically, write_json, write_text
from reseen.metrics import Embedded, calibrate


def fill_the_disk(file: IO[bytes]) -> None:
    file.write(b"half of it")
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_leaves_the_old_file_and_no_litter(tmp_path):
    path = tmp_path / "scores.json"
    write_json(path, {"mAP": 1})
    with pytest.raises(ReseenError, match=r"scores\.json: could not be written \(No space left on device\)"):
        write_atomically(path, fill_the_disk)
    assert json.loads(path.read_text()) == {"mAP": 1}
    assert [entry.name for entry in tmp_path.iterdir()] == ["scores.json"]


class FullDisk:
    """A file whose disk takes 100 bytes."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.left = file, 100

    def write(self, data: bytes) -> int:
        self.left -= len(data)
        if self.left < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self.file.write(data)

    def flush(self) -> None:
        self.file.flush()


def test_a_disk_that_fills_up_under_torch_save_keeps_the_last_good_checkpoint(tmp_path):
    path = tmp_path / "last.ckpt"
    write_atomically(path, lambda file: torch.save({"epoch": 1}, file))
    with pytest.raises(ReseenError, match="could not be written"):
        write_atomically(path, lambda file: torch.save({"epoch": torch.zeros(1000)}, FullDisk(file)))
    assert torch.load(path, weights_only=True) == {"epoch": 1}


def test_an_interrupt_passes_through_and_leaves_no_litter(tmp_path):
    def interrupt(_file: IO[bytes]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "a", interrupt)
    assert not list(tmp_path.iterdir())


def test_two_writers_at_once_each_write_a_whole_file(tmp_path):
    path, seen = tmp_path / "scores.json", []

    def slower(file: IO[bytes]) -> None:
        file.write(b"A" * 10)
        file.flush()
        write_atomically(path, lambda other: other.write(b"B" * 5))
        seen.append(path.read_bytes())
        file.write(b"A" * 10)

    write_atomically(path, slower)
    assert seen == [b"B" * 5]
    assert path.read_bytes() == b"A" * 20
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link_and_what_it_points_to_is_written(tmp_path):
    target, link = tmp_path / "elsewhere" / "real.json", tmp_path / "link.json"
    target.parent.mkdir()
    target.write_text("old")
    link.symlink_to(target)
    write_text(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_text(pipe, "scores")
    assert os.read(reader, 100) == b"scores"
    os.close(reader)
    assert pipe.is_fifo()


def test_the_longest_name_that_the_disk_takes_can_be_written(tmp_path):
    path = tmp_path / ("ü" * 120 + ".json")
    write_text(path, "{}")
    assert path.read_text() == "{}"


def test_what_a_killed_writer_left_is_removed_and_nothing_else(tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", die)
        patch.setattr(Path, "replace", die)
        for name in ("last.ckpt", "scores.json"):
            with pytest.raises(Killed):
                write_text(tmp_path / name, "half")
    assert len(list(tmp_path.iterdir())) == 2
    remove_unfinished(tmp_path / "last.ckpt")
    assert [entry.name.startswith(".scores.json") for entry in tmp_path.iterdir()] == [True]


def test_what_is_written_has_the_rights_that_the_user_gives_new_files(tmp_path):
    before = os.umask(0o027)
    try:
        write_text(tmp_path / "a", "text")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    "write",
    [
        lambda path: Embedded(np.ones((2, 3)), np.array([1, 2])).save(path),
        lambda path: calibrate(*toy_sides(), false_accept_rate=0.05, false_alarm_rate=0.2).save(path),
    ],
)
def test_embeddings_and_calibrations_are_on_the_disk_before_they_take_their_names(tmp_path, monkeypatch, write):
    flushed: list[int] = []
    fsync, replace = os.fsync, Path.replace

    def seen_fsync(file: int) -> None:
        flushed.append(os.fstat(file).st_ino)
        fsync(file)

    def checked_replace(self: Path, target: Path) -> Path:
        assert self.stat().st_ino in flushed
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", seen_fsync)
    monkeypatch.setattr(Path, "replace", checked_replace)
    write(tmp_path / "file")
    assert flushed


def toy_sides() -> tuple[Embedded, Embedded]:
    """A query set and a gallery of ten identities, two cameras."""
    generator = np.random.default_rng(0)
    identities = np.repeat(np.arange(10), 4)
    vectors = generator.normal(size=(10, 8))[identities] + 0.3 * generator.normal(size=(40, 8))
    cameras = np.tile([1, 2], 20)
    whole = Embedded(vectors, identities, cameras=cameras)
    return whole.rows(np.arange(0, 40, 4)), whole
