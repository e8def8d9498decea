"""A room's public names are imported at their first use."""

import subprocess
import sys
from importlib import import_module

import pytest


@pytest.mark.parametrize("room", ["reseen.deploy", "reseen.retrieval"])
def test_every_public_name_of_a_room_is_there(room: str) -> None:
    module = import_module(room)
    assert all(getattr(module, name).__name__ for name in module.__all__ if name not in {"FieldFilter", "Network"})
    with pytest.raises(AttributeError, match=f"module '{room}' has no attribute 'nothing'"):
        _ = module.nothing


def test_rooms_load_neither_torch_nor_lancedb_before_a_name_is_used() -> None:
    code = "import sys, reseen.deploy, reseen.retrieval; print({'torch', 'lancedb'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
