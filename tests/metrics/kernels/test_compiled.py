"""Loops are compiled with and without a place to keep what was compiled."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numba
import pytest

import reseen
from reseen.metrics.kernels import compiled as compiling
from reseen.metrics.kernels.compiled import compiled, digest_of_loops

LOOP = """
from typing import NamedTuple

from reseen.metrics.kernels.compiled import compiled


class {name}(NamedTuple):
    number: int


@compiled()
def twice(pair):
    return 2 * pair.number


result = twice({name}(21))
"""


def test_without_a_place_for_the_cache_loops_are_compiled_all_the_same(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(numba.core.caching.CacheImpl, "_locator_classes", [])

    @compiled()
    def twice(number: int) -> int:
        return 2 * number

    assert twice(21) == 42


def test_compiled_loops_are_cached_where_a_cache_can_be_written(tmp_path: Path):
    file = tmp_path / "loop.py"
    file.write_text(
        "from reseen.metrics.kernels.compiled import compiled\n\n\n"
        "@compiled(fastmath={'nnan'})\ndef twice(number):\n    return 2 * number\n\n\nprint(twice(21))\n"
    )
    source = str(Path(reseen.__file__).parents[1])
    settings = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": source}
    done = subprocess.run([sys.executable, file], env=settings, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "42\n"
    assert list((tmp_path / "cache").rglob("*.nbi"))


def test_a_cache_of_before_a_class_was_renamed_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("Before", "Renamed"):
        (tmp_path / "renamed_loop.py").write_text(LOOP.format(name=name))
        monkeypatch.setattr(compiling, "digest_of_loops", lambda folder, name=name: name)
        sys.modules.pop("renamed_loop", None)
        assert import_module("renamed_loop").result == 42
    assert len(list((tmp_path / "cache").rglob("*.nbi"))) == 2


def test_the_digest_of_loops_changes_with_a_file_that_has_a_loop_and_with_no_other(tmp_path: Path):
    (tmp_path / "loop.py").write_text(LOOP.format(name="Before"))
    before = digest_of_loops(tmp_path)
    (tmp_path / "page.py").write_text("import json\n")
    digest_of_loops.cache_clear()
    assert digest_of_loops(tmp_path) == before
    (tmp_path / "loop.py").write_text(LOOP.format(name="Renamed"))
    digest_of_loops.cache_clear()
    assert digest_of_loops(tmp_path) != before
