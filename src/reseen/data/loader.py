"""Loaders: worker processes read a dataset batch by batch."""

import multiprocessing
import signal
from collections.abc import Sequence
from typing import Any, TypeVar

import torch
from torch.utils.data import BatchSampler, DataLoader, Dataset, Sampler

from reseen.data.dataset import Draw
from reseen.processes import usable_workers

SampleT = TypeVar("SampleT")


def train_loader(dataset: Dataset[SampleT], batches: Sampler[list[Draw]], *, workers: int) -> DataLoader[SampleT]:
    """Load the batches that the sampler draws: samples whose fields are stacked.

    ``workers``: how many processes read images; 0 for this one.
    """
    return DataLoader(dataset, batch_sampler=batches, **_settings(workers))


def ordered_loader(
    dataset: Dataset[SampleT], *, batch_size: int, workers: int, indices: Sequence[int] | None = None
) -> DataLoader[SampleT]:
    """Load every row once, in order, or only the rows in ``indices``; the last batch may be smaller."""
    rows = range(len(dataset)) if indices is None else indices  # type: ignore[arg-type]
    batches = BatchSampler(rows, batch_size, drop_last=False)
    return DataLoader(dataset, batch_sampler=batches, **_settings(workers))


def _settings(wanted: int) -> dict[str, Any]:
    workers = usable_workers(wanted)
    settings: dict[str, Any] = {
        "num_workers": workers,
        "pin_memory": torch.cuda.is_available(),
        # Without its own generator a loader draws from the global one each time it is iterated.
        "generator": torch.Generator(),
    }
    if workers:
        settings |= {
            "persistent_workers": True,
            "multiprocessing_context": _context(),
            "worker_init_fn": _leave_interrupts_to_the_parent,
        }
    return settings


def _context() -> multiprocessing.context.BaseContext:
    """The fork server: a process with threads (torch, polars) may hang when forked, and Python 3.12 warns of it.

    It imports the workers' modules once, so that each worker starts in milliseconds.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["reseen.data.dataset", "torchvision.transforms.v2"])
    return context


def _leave_interrupts_to_the_parent(_worker: int) -> None:
    # Ctrl-C reaches the whole process group; the parent finishes its step and needs the workers until then.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
