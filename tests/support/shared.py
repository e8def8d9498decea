"""What is made once for all processes that run tests, by the first that wants it, while the others wait."""

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The folder ``name`` that ``make`` filled, for all workers of pytest-xdist alike: copy it to change it."""
    base = factory.getbasetemp()
    root = base.parent if base.name.startswith("popen-") else base  # a worker's folder lies in the whole run's
    folder, done = root / name, root / f"{name}.done"
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of one that failed
            folder.mkdir()
            make(folder)
            done.touch()
    return folder
