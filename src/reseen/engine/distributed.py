"""Work shared by the processes of one run: results of the first process, and one model to score."""

from collections.abc import Callable
from math import ceil
from typing import TypeVar

import torch
from lightning_fabric import Fabric
from torch import nn

from reseen.engine.loop import LoopParts
from reseen.errors import ReseenError

ResultT = TypeVar("ResultT")


def in_first_process(fabric: Fabric, work: Callable[[], ResultT]) -> ResultT:
    """Call ``work`` in the first process alone; its result is returned, and its ReseenError raised, in all."""
    outcome: ResultT | ReseenError | None = None
    if fabric.is_global_zero:
        try:
            outcome = work()
        except ReseenError as error:
            outcome = error
    outcome = fabric.broadcast(outcome)
    if isinstance(outcome, ReseenError):
        raise outcome
    return outcome  # type: ignore[return-value]  # the first process's result


def step_in_words(parts: LoopParts, *, epochs: int) -> str:
    """The images in an optimiser step of all processes together, and the number of steps."""
    images, processes = parts.batches.images * parts.accumulate, parts.fabric.world_size
    shared = f", {images // processes:,} on each of {processes} processes" if processes > 1 else ""
    steps = ceil(len(parts.batches) / parts.accumulate)
    return f"{images:,} images a step{shared}; {steps:,} steps an epoch, {steps * epochs:,} in all"


def share_buffers(model: nn.Module, *, fabric: Fabric) -> None:
    """Copy the first process's buffers, which are those that are saved, to every process.

    Each process's batch norms have seen other images since the last step; gradients, and so weights, are the same.
    """
    if fabric.world_size > 1:
        for buffer in model.buffers():
            torch.distributed.broadcast(buffer, src=0)
