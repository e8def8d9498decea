import errno
import json
from typing import IO

import pytest
import torch

from reseen.engine.files import write_atomically, write_json
from reseen.errors import ReseenError


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
