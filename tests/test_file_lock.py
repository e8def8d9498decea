"""A lock file is held by one at a time, and removed or kept afterwards."""

import errno
import fcntl
import os
from pathlib import Path
from threading import Thread

import pytest

from reseen.errors import ReseenError
from reseen.file_lock import file_lock


def test_a_second_holder_is_refused_with_the_first_ones_name_and_the_advice(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with (
        file_lock(path, patience=0, advice="go away"),
        pytest.raises(ReseenError, match=rf"{tmp_path}: in use by process {os.getpid()} on .*; go away$"),
        file_lock(path, patience=0.1, advice="go away"),
    ):
        pass


@pytest.mark.parametrize("keep", [False, True])
def test_the_file_is_there_afterwards_only_if_it_is_to_be_kept(tmp_path: Path, *, keep: bool) -> None:
    path = tmp_path / "a.lock"
    with file_lock(path, patience=0, advice="", keep=keep) as problem:
        assert (problem, path.exists()) == ("", True)
    assert path.exists() == keep


def test_of_many_that_wait_each_holds_a_removed_lock_alone(tmp_path: Path) -> None:
    inside, most = [], []

    def hold() -> None:
        for _ in range(10):
            with file_lock(tmp_path / "a.lock", patience=60, advice=""):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [Thread(target=hold) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 40


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_without_locks_the_block_runs_and_knows_why_nothing_is_locked(tmp_path, monkeypatch, code, keep) -> None:
    def no_lock(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", no_lock)
    with file_lock(tmp_path / "a.lock", patience=0, advice="", keep=keep) as problem:
        assert problem == os.strerror(code)
    assert (tmp_path / "a.lock").exists() == keep


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(ReseenError, match="cannot write here: No such file or directory"),
        file_lock(tmp_path / "gone" / "a.lock", patience=0, advice=""),
    ):
        pass
