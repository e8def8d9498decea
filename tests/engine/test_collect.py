"""Sharing images out where there are fewer of them than processes: nobody fails, and the order is the table's."""

from contextlib import nullcontext
from threading import Barrier, Thread, local

import pytest
import torch
from torch import Tensor
from torch.utils.data import Dataset

from reseen.engine.embed import collect

PROCESSES = 4


class Numbers(Dataset):
    """So many images, each its own number."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, row: int) -> Tensor:
        return torch.full((2,), float(row))


class Process:
    """A thread that stands for one process of four, as far as `collect` asks a Fabric."""

    here = local()
    barrier = Barrier(PROCESSES, timeout=20)
    parts: list = [None] * PROCESSES
    world_size = PROCESSES
    autocast = nullcontext

    def __init__(self, rank: int) -> None:
        self.global_rank = self.here.rank = rank

    @classmethod
    def exchange(cls, part: object) -> list:
        """What each brings, to all."""
        cls.parts[cls.here.rank] = part
        cls.barrier.wait()
        every = list(cls.parts)
        cls.barrier.wait()
        return every

    def to_device(self, value: Tensor) -> Tensor:
        return value

    def broadcast(self, value: object) -> object:
        return self.exchange(value)[0]


def all_gather(into: list[Tensor], mine: Tensor) -> None:
    for place, part in zip(into, Process.exchange(mine), strict=True):
        place.copy_(part)


@pytest.mark.parametrize("images", [1, 3, 4, 7])
def test_four_processes_collect_any_number_of_images(images: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.distributed, "all_gather", all_gather)
    found: dict[int, list[float]] = {}

    def work(rank: int) -> None:
        settings = {"fabric": Process(rank), "batch_size": 2, "workers": 0, "description": "embed"}
        found[rank] = collect(lambda batch: batch, Numbers(images), **settings)[:, 0].tolist()

    threads = [Thread(target=work, args=[rank]) for rank in range(PROCESSES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {rank: [float(row) for row in range(images)] for rank in range(PROCESSES)}
