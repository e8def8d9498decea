"""What all processes of a test run share is made once, and made again only where making it failed."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep
from types import SimpleNamespace

import pytest

from shared import made_once


def factory(folder: Path) -> SimpleNamespace:
    folder.mkdir(parents=True, exist_ok=True)
    return SimpleNamespace(getbasetemp=lambda: folder)


def test_workers_at_once_get_one_folder_that_one_of_them_filled(tmp_path):
    made = []

    def make(folder: Path) -> None:
        sleep(0.1)
        made.append(folder)
        (folder / "file").touch()

    def worker(number: int) -> Path:
        folder = made_once(factory(tmp_path / f"popen-gw{number}"), "thing", make)
        assert (folder / "file").exists()
        return folder

    with ThreadPoolExecutor(3) as pool:
        folders = set(pool.map(worker, range(3)))
    assert folders == set(made) == {tmp_path / "thing"}
    assert len(made) == 1


def test_what_could_not_be_made_is_made_from_the_start_by_the_next(tmp_path):
    def fails(folder: Path) -> None:
        (folder / "half").touch()
        raise ValueError("half-way")

    alone = factory(tmp_path / "pytest-1")
    with pytest.raises(ValueError, match="half-way"):
        made_once(alone, "thing", fails)
    folder = made_once(alone, "thing", lambda folder: (folder / "whole").touch())
    assert folder == tmp_path / "pytest-1" / "thing"
    assert [entry.name for entry in folder.iterdir()] == ["whole"]
