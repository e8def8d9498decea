"""A model of two weights whose gradient is always 1: how far it moves says at what rate the engine trains it."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from reseen.engine.assemble import assemble
from reseen.engine.checkpoint import Place
from reseen.engine.hardware import launch
from reseen.engine.loop import EpochStats, LoopParts, train_epoch
from reseen.engine.task import TaskComponents
from reseen.losses import LossTerms
from reseen.progress import Silent
from reseen.tasks.reid.recipe import read_recipe


class Batch(NamedTuple):
    """No image is looked at."""

    image: Tensor = torch.zeros(1, 3, 1, 1)


class Batches:
    """So many an epoch; a loader of themselves."""

    def __init__(self, count: int) -> None:
        self.count = count

    def set_epoch(self, epoch: int, *, start: int = 0) -> None:
        """Every epoch is alike."""

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Batch]:
        return iter([Batch()] * self.count)


class Weight(nn.Module):
    """One weight, which begins at 0."""

    def __init__(self) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.zeros((), dtype=torch.float64))


class Walker(nn.Module):
    """A weight of the trunk, and one on top of it."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = Weight()
        self.head = Weight()

    def forward(self, _: Batch) -> LossTerms:
        total = self.trunk.value + self.head.value
        return LossTerms(total, {"sum": total})


class Moved(NamedTuple):
    """How far each weight went down in an epoch."""

    trunk: float
    head: float


def walk(recipe_name: str, *overrides: str, batches: int, epochs: int) -> list[Moved]:
    """The recipe's own optimiser, rate and frozen parts, over the first epochs of so many batches."""
    recipe = read_recipe(recipe_name, overrides=["hardware.accelerator=cpu", *overrides])
    model, order = Walker(), Batches(batches)
    pieces = TaskComponents(model, model, order, order, backbone=model.trunk)
    parts = assemble(pieces, recipe, fabric=launch(recipe.hardware))
    return [_moved(parts, model, epoch) for epoch in range(epochs)]


def _moved(parts: LoopParts, model: Walker, epoch: int) -> Moved:
    before = Moved(model.trunk.value.item(), model.head.value.item())
    train_epoch(parts, Place(epoch), EpochStats(), stop_requested=lambda: False, bar=Silent())
    return Moved(before.trunk - model.trunk.value.item(), before.head - model.head.value.item())
