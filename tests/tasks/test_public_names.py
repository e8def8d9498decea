"""Every public name of a task's room resolves, and importing the re-ID room imports nothing heavy."""

import subprocess
import sys
from importlib import import_module

import pytest


@pytest.mark.parametrize("task", ["reid", "classify", "segment"])
def test_every_public_name_of_a_task_resolves(task: str) -> None:
    room = import_module(f"reseen.tasks.{task}")
    assert all(getattr(room, name) is not None for name in room.__all__)


def test_an_unknown_name_of_the_reid_room_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match=r"'reseen\.tasks\.reid' has no attribute 'nosuch'"):
        import_module("reseen.tasks.reid").nosuch  # noqa: B018


def test_importing_the_reid_room_imports_no_torch() -> None:
    script = "import sys, reseen.tasks.reid; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
