"""What the processes of one run do together: agree on what one of them does alone, and on what they score."""

from collections.abc import Callable
from math import ceil
from typing import TypeVar

import torch
from lightning_fabric import Fabric
from torch import nn

from reseen.engine.loop import Parts
from reseen.errors import ReseenError

ResultT = TypeVar("ResultT")


def in_first_process(fabric: Fabric, work: Callable[[], ResultT]) -> ResultT:
    """What ``work`` gives in the first process, which alone does it; its ReseenError is raised in all."""
    outcome: ResultT | ReseenError | None = None
    if fabric.is_global_zero:
        try:
            outcome = work()
        except ReseenError as error:
            outcome = error
    outcome = fabric.broadcast(outcome)
    if isinstance(outcome, ReseenError):
        raise outcome
    return outcome  # type: ignore[return-value]  # what came from the first process


def step_in_words(parts: Parts, *, epochs: int) -> str:
    """How many pictures an optimiser step takes, of all processes together, and how many steps there are."""
    pictures, processes = parts.batches.pictures * parts.accumulate, parts.fabric.world_size
    shared = f", {pictures // processes:,} on each of {processes} processes" if processes > 1 else ""
    steps = ceil(len(parts.batches) / parts.accumulate)
    return f"{pictures:,} pictures a step{shared}; {steps:,} steps an epoch, {steps * epochs:,} in all"


def share_buffers(model: nn.Module, *, fabric: Fabric) -> None:
    """Give every process the first one's buffers, which are those that are kept.

    Each process's batch norms have seen other pictures since the last step; gradients, and so weights, are the same.
    """
    if fabric.world_size > 1:
        for buffer in model.buffers():
            torch.distributed.broadcast(buffer, src=0)
