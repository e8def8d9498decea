"""What tests of stopped runs share: a progress that stops at a step, and the comparison of two runs' ends."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from reseen.engine.checkpoint import load_checkpoint
from reseen.progress import Bar, Silent


def tensors(value: object, name: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """Every tensor in nested state, by its place."""
    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from tensors(entry, f"{name}.{key}")


def assert_same_end(first: Path, second: Path) -> None:
    """Weights and optimiser of two runs, bit for bit."""
    one, other = (dict(tensors(load_checkpoint(run / "last.ckpt"))) for run in (first, second))
    assert one.keys() == other.keys()
    assert [name for name in one if not torch.equal(one[name], other[name])] == []


class Recorder(Silent):
    """Keeps what is said, and calls back at each step of the training bar."""

    def __init__(self, at_step: int | None = None) -> None:
        self.lines: list[str] = []
        self.at_step, self.steps = at_step, 0

    @contextmanager
    def bar(self, description: str, *, total: int) -> Iterator[Bar]:
        yield self if description.startswith("train") else Silent()

    def advance(self, count: int = 1, *, note: str = "") -> None:
        if note:
            self.steps += 1
            if self.steps == self.at_step:
                signal.raise_signal(signal.SIGINT)

    def say(self, line: str) -> None:
        self.lines.append(line)
