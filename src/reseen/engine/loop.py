"""The training loop: one epoch over objects already built, from one place to its end or to a wish to stop."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil, isfinite
from time import perf_counter
from typing import Any, NamedTuple

from lightning_fabric import Fabric
from lightning_fabric.wrappers import _FabricModule, _FabricOptimizer  # the types that setup() returns
from timm.utils.model_ema import ModelEmaV3
from torch import nn
from torch.utils.data import DataLoader

from reseen.engine.checkpoint import Place
from reseen.engine.seeding import seed_here
from reseen.engine.task import Batch, Batches
from reseen.errors import ReseenError
from reseen.losses import LossTerms
from reseen.progress import Bar
from reseen.recipe.schedules import Schedule


@dataclass(frozen=True)
class Parts:
    """Everything an epoch needs. ``learner`` wraps ``model`` and its losses for the devices.

    ``frozen`` parameters are left as they are in the first ``frozen_epochs``. ``averaged``: the moving average of the
    model's weights, where the recipe wants one.
    """

    fabric: Fabric
    model: nn.Module
    learner: _FabricModule
    optimizer: _FabricOptimizer
    schedule: Schedule
    batches: Batches
    loader: DataLoader[Any]
    learning_rate: float
    seed: int
    accumulate: int = 1
    clip_norm: float | None = None
    frozen: tuple[nn.Parameter, ...] = ()
    frozen_epochs: int = 0
    averaged: ModelEmaV3 | None = None

    @property
    def scored(self) -> nn.Module:
        """The weights to score and to keep: the average of the model's, or its own."""
        return self.model if self.averaged is None else self.averaged.module


@dataclass
class Tally:
    """What an epoch has added up so far; survives a stop in its middle."""

    steps: int = 0
    pictures: int = 0
    seconds: float = 0.0
    sums: dict[str, float] = field(default_factory=dict)

    def add(self, terms: LossTerms, *, pictures: int) -> None:
        """One batch more."""
        self.steps += 1
        self.pictures += pictures
        for name, value in {"total": terms.total, **terms.terms}.items():
            self.sums[name] = self.sums.get(name, 0.0) + float(value.detach())

    def row(self) -> dict[str, object]:
        """The epoch's means, for the metrics file."""
        means = {name: total / self.steps for name, total in self.sums.items()}
        return {
            "loss": means.pop("total"),
            "losses": means,
            "images_per_second": round(self.pictures / self.seconds, 2),
            "seconds": round(self.seconds, 2),
        }


class Begun(NamedTuple):
    """A step that a device may still be at. Its losses are read once the next step is under way, or it would idle."""

    terms: LossTerms
    place: Place
    pictures: int


def train_epoch(parts: Parts, place: Place, tally: Tally, *, stop_asked: Callable[[], bool], bar: Bar) -> Place:
    """Train from ``place`` to the end of its epoch, or to the first whole step after a wish to stop."""
    parts.batches.set_epoch(place.epoch, start=place.step)
    total = len(parts.batches)
    began = perf_counter()
    begun: Begun | None = None
    for batch in parts.loader:
        whole = (place.step + 1) % parts.accumulate == 0 or place.step + 1 == total
        terms = train_step(parts, batch, place, fraction=place.step / total, whole=whole)
        _finish(begun, tally)
        begun = Begun(terms, place, len(batch.image) * parts.fabric.world_size)
        place = Place(place.epoch, place.step + 1)
        bar.advance(note=_note(tally, perf_counter() - began))
        if whole and place.step < total and _any_asked(parts.fabric, stop_asked()):
            break
    else:
        place = Place(place.epoch + 1, 0)
    _finish(begun, tally)
    tally.seconds += perf_counter() - began
    return place


def train_step(parts: Parts, batch: Batch, place: Place, *, fraction: float, whole: bool) -> LossTerms:
    """Forward and backward of one batch, and the optimiser's step when the accumulation is ``whole``."""
    fabric, optimizer = parts.fabric, parts.optimizer
    seed_here("step", parts.seed, place.epoch, place.step, fabric.global_rank)
    with fabric.no_backward_sync(parts.learner, enabled=not whole):
        terms: LossTerms = parts.learner(fabric.to_device(batch))
        fabric.backward(terms.total / _accumulated(parts, place))
    if whole:
        for group in optimizer.param_groups:
            group["lr"] = parts.learning_rate * parts.schedule(place.epoch + fraction)
        if place.epoch < parts.frozen_epochs:
            for parameter in parts.frozen:
                parameter.grad = None  # the optimiser passes over it; requires_grad must not change under DDP
        if parts.clip_norm is not None:
            fabric.clip_gradients(parts.learner, optimizer, max_norm=parts.clip_norm)
        optimizer.step()
        optimizer.zero_grad()
        if parts.averaged is not None:
            parts.averaged.update(parts.model, step=_updates(parts, place))
    return terms


def _accumulated(parts: Parts, place: Place) -> int:
    """How many batches the optimiser's step at or after ``place`` is the mean of: an epoch's last may have fewer."""
    first = place.step - place.step % parts.accumulate
    return min(parts.accumulate, len(parts.batches) - first)


def _updates(parts: Parts, place: Place) -> int:
    """How often the optimiser has stepped, the step at ``place`` included."""
    return place.epoch * ceil(len(parts.batches) / parts.accumulate) + place.step // parts.accumulate + 1


def _any_asked(fabric: Fabric, asked: bool) -> bool:  # noqa: FBT001
    if fabric.world_size == 1:
        return asked
    return fabric.strategy.reduce_boolean_decision(asked, all=False)


def _finish(begun: Begun | None, tally: Tally) -> None:
    """Wait for a step and count it; ReseenError if its loss is not finite."""
    if begun is not None:
        tally.add(begun.terms, pictures=begun.pictures)
        _check_finite(begun.terms, begun.place)


def _check_finite(terms: LossTerms, place: Place) -> None:
    if not isfinite(float(terms.total.detach())):
        parts = ", ".join(f"{name} {float(value):g}" for name, value in terms.terms.items())
        raise ReseenError(
            f"the loss is not finite at epoch {place.epoch + 1}, step {place.step + 1} ({parts}); "
            "lower optimizer.learning_rate or set training.clip_norm; the last checkpoint is untouched"
        )


def _note(tally: Tally, seconds: float) -> str:
    if not tally.steps:
        return "loss ..."  # of the first step, which is still under way
    mean = tally.sums["total"] / tally.steps
    return f"loss {mean:.3f}  {tally.pictures / (tally.seconds + seconds):.0f} images/s"
