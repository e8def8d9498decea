"""The memory that is available, and sizes in words."""

import pytest

from reseen import memory
from reseen.memory import available_memory, size


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"meminfo": "MemTotal: 9 kB\nMemAvailable:  2000 kB\n"}, 2_048_000),
        ({"meminfo": "MemAvailable: 2000 kB\n", "memory.max": "1000000", "memory.current": "400000"}, 600_000),
        (
            {"memory.max": "1000000", "memory.current": "900000", "memory.stat": "anon 5\nfile 300000\n"},
            400_000,
        ),
        (
            {"memory.max": "1000000", "memory.current": "900000", "memory.stat": "file 300000\nshmem 200000\n"},
            200_000,
        ),
        ({"meminfo": "MemAvailable: 2000 kB\n", "memory.max": "max", "memory.current": "400000"}, 2_048_000),
        (
            {"memory/memory.limit_in_bytes": "7000", "memory/memory.usage_in_bytes": "9000"},
            0,
        ),
        ({}, None),
    ],
)
def test_the_smaller_of_machine_and_container(tmp_path, monkeypatch, files, expected) -> None:
    (tmp_path / "memory").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(memory, "MACHINE", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "GROUPS", tmp_path)
    assert available_memory() == expected


@pytest.mark.parametrize(("count", "words"), [(1, "1 MB"), (1.6e6, "2 MB"), (9.994e8, "999 MB"), (2.34e9, "2.3 GB")])
def test_sizes_of_memory_are_written_in_words(count, words) -> None:
    assert size(int(count)) == words
