"""Loops are compiled with and without a place to keep what was compiled."""

import os
import subprocess
import sys
from pathlib import Path

import numba
import pytest

import reseen
from reseen.metrics.kernels.compiled import compiled


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
