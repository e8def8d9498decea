"""A room's public names are imported at their first use."""

import ast
import inspect
import subprocess
import sys
from importlib import import_module

import pytest

from reseen.lazy import lazy_names

LAZY_ROOMS = ["reseen", "reseen.deploy", "reseen.retrieval", "reseen.retrieval.discover", "reseen.tasks.reid"]


@pytest.mark.parametrize("room", ["reseen.deploy", "reseen.retrieval"])
def test_every_public_name_of_a_room_is_there(room: str) -> None:
    module = import_module(room)
    assert all(getattr(module, name).__name__ for name in module.__all__ if name not in {"FieldFilter", "Network"})
    with pytest.raises(AttributeError, match=f"module '{room}' has no attribute 'nothing'"):
        _ = module.nothing


@pytest.mark.parametrize("room", LAZY_ROOMS)
def test_the_names_that_a_room_imports_lazily_are_its_public_names(room: str) -> None:
    module = import_module(room)
    lazily = set(dir(module)) - vars(module).keys()
    assert (lazily, set(module.__all__) & vars(module).keys()) == (set(module.__all__), set())


@pytest.mark.parametrize("room", LAZY_ROOMS)
def test_a_type_checker_sees_each_lazy_name_where_it_is_fetched_from(room: str) -> None:
    module = import_module(room)
    (block,) = (node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    shown = {alias.asname or alias.name: (node.module, alias.name) for node in imports for alias in node.names}
    assert shown.keys() == set(module.__all__)
    assert all(getattr(import_module(home), name) is getattr(module, public) for public, (home, name) in shown.items())


def test_a_lazy_name_may_differ_from_the_one_in_its_module() -> None:
    fetch = lazy_names("reseen.tasks", {"reid.calibrate": ("calibrate_run as calibrate",)}).attribute
    assert fetch("calibrate").__name__ == "calibrate_run"
    with pytest.raises(AttributeError, match=r"module 'reseen\.tasks' has no attribute 'calibrate_run'"):
        fetch("calibrate_run")


def test_rooms_load_neither_torch_nor_lancedb_before_a_name_is_used() -> None:
    code = "import sys, reseen.deploy, reseen.retrieval; print({'torch', 'lancedb'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_what_embeds_images_loads_nothing_that_only_training_and_reports_need() -> None:
    unwanted = "{'lightning_fabric', 'matplotlib', 'sklearn'}"
    code = f"import sys, reseen.retrieval.embedder; print({unwanted} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
