"""Memory is foretold before an evaluation, compared with what there is, and refused where that is less."""

import pytest

from reseen.errors import ReseenError
from reseen.metrics import KReciprocal, predict_memory
from reseen.metrics.protocol import PROTOCOLS
from reseen.progress import Silent
from reseen.tasks.reid import memory
from reseen.tasks.reid.memory import available_memory, predict, require_memory, size
from reseen.tasks.reid.postprocess import PLAIN, Expansion, Postprocessing

MARKET = PROTOCOLS["market1501"]
MSMT17 = (11_659, 82_161, 512)


def test_a_plain_evaluation_takes_what_the_metrics_say() -> None:
    assert predict(*MSMT17, protocol=MARKET, postprocessing=PLAIN) == predict_memory(*MSMT17) < 1e9


@pytest.mark.parametrize(
    "postprocessing",
    [Postprocessing(rerank=KReciprocal()), Postprocessing(expand=Expansion(5)), Postprocessing(camera_bias=True)],
)
def test_refinements_take_more_and_grow_with_the_images(postprocessing) -> None:
    small, large = (predict(n, 7 * n, 512, protocol=MARKET, postprocessing=postprocessing) for n in (10_000, 20_000))
    assert predict_memory(10_000, 70_000, 512) < small < large < 2.2 * small, "never with queries times gallery"
    assert predict(*MSMT17, protocol=MARKET, postprocessing=postprocessing) < 8e9


def test_too_little_memory_stops_before_anything_is_computed(monkeypatch) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda: 10_000_000)
    options = {"postprocessing": Postprocessing(rerank=KReciprocal()), "progress": Silent()}
    require_memory(9_000_000, vectors=5_000_000, embedded=True, **options)
    with pytest.raises(ReseenError, match=r"about 9 MB .* 10 MB are available: evaluate without re-ranking"):
        require_memory(9_000_000, vectors=5_000_000, embedded=False, **options)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"meminfo": "MemTotal: 9 kB\nMemAvailable:  2000 kB\n"}, 2_048_000),
        ({"meminfo": "MemAvailable: 2000 kB\n", "memory.max": "1000000", "memory.current": "400000"}, 600_000),
        (
            {"memory.max": "1000000", "memory.current": "900000", "memory.stat": "anon 5\nfile 300000\n"},
            400_000,
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
