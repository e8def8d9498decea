"""The training loop: one epoch over objects already built, to its end or to a request to stop."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil, isfinite
from time import perf_counter
from typing import Any, NamedTuple

from lightning_fabric import Fabric
from lightning_fabric.wrappers import _FabricModule, _FabricOptimizer  # the types that setup() returns
from timm.utils.model_ema import ModelEmaV3
from torch import Tensor, nn
from torch.utils.data import DataLoader

from reseen.engine.checkpoint import Place
from reseen.engine.seeding import seed_here
from reseen.engine.task import Batch, Batches
from reseen.errors import ReseenError
from reseen.losses import LossTerms
from reseen.progress import Bar
from reseen.recipe.schedules import Schedule


@dataclass(frozen=True)
class LoopParts:
    """The objects that an epoch uses. ``learner`` wraps ``model`` and its losses for the devices.

    ``rate_factors``: one for each of the optimiser's groups. ``frozen`` parameters are not trained in the first
    ``frozen_epochs``, nor in the optimiser's first ``frozen_steps``; ``frozen_norms`` never see a batch's statistics.
    ``averaged``: the moving average of the model's weights, if the recipe has one; or of those of ``wider``, a module
    that has the model as its ``model``. ``beside``: modules that are saved with the model, by name.
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
    rate_factors: tuple[float, ...] = (1.0,)
    frozen: tuple[nn.Parameter, ...] = ()
    frozen_epochs: int = 0
    frozen_steps: int = 0
    frozen_norms: tuple[nn.Module, ...] = ()
    averaged: ModelEmaV3 | None = None
    wider: nn.Module | None = None
    beside: Mapping[str, nn.Module] = field(default_factory=dict)

    @property
    def scored(self) -> nn.Module:
        """The model to score and to save: with the averaged weights, or with its own."""
        if self.averaged is None:
            return self.model
        average: nn.Module = self.averaged.module
        return average if self.wider is None else average.get_submodule("model")

    def saved(self) -> dict[str, Tensor]:
        """The tensors of the weights file: of the scored model, and of what is saved beside it."""
        tensors = dict(self.scored.state_dict())
        for name, module in self.beside.items():
            tensors |= {f"{name}.{key}": tensor for key, tensor in module.state_dict().items()}
        return tensors


@dataclass
class EpochStats:
    """Sums of an epoch so far; checkpoints keep them, so that a stopped epoch loses none."""

    steps: int = 0
    images: int = 0
    seconds: float = 0.0
    sums: dict[str, float] = field(default_factory=dict)

    def add(self, terms: LossTerms, *, images: int) -> None:
        """Add one batch."""
        self.steps += 1
        self.images += images
        for name, value in {"total": terms.total, **terms.terms}.items():
            self.sums[name] = self.sums.get(name, 0.0) + float(value.detach())

    def row(self) -> dict[str, object]:
        """The epoch's means, for the metrics file."""
        means = {name: total / self.steps for name, total in self.sums.items()}
        return {
            "loss": means.pop("total"),
            "losses": means,
            "images_per_second": round(self.images / self.seconds, 2),
            "seconds": round(self.seconds, 2),
        }


class PendingStep(NamedTuple):
    """A step that the device may still compute. Its losses are read during the next one, so the device never waits."""

    terms: LossTerms
    place: Place
    images: int


def _nothing(_: Place) -> None:
    """Follow no step."""


def train_epoch(
    parts: LoopParts,
    place: Place,
    stats: EpochStats,
    *,
    stop_requested: Callable[[], bool],
    bar: Bar,
    after_step: Callable[[Place], None] = _nothing,
) -> Place:
    """Train from ``place`` to the end of its epoch, or to the first optimiser step after a request to stop.

    ``after_step`` is called with the place after each step.
    """
    parts.batches.set_epoch(place.epoch, start=place.step)
    total = len(parts.batches)
    began = perf_counter()
    pending: PendingStep | None = None
    for batch in parts.loader:
        step_optimizer = (place.step + 1) % parts.accumulate == 0 or place.step + 1 == total
        terms = train_step(parts, batch, place, epoch_fraction=place.step / total, step_optimizer=step_optimizer)
        _finish(pending, stats)
        pending = PendingStep(terms, place, len(batch.image) * parts.fabric.world_size)
        place = Place(place.epoch, place.step + 1)
        bar.advance(note=_note(stats, perf_counter() - began))
        after_step(place)
        if step_optimizer and place.step < total and any_requested(parts.fabric, stop_requested()):
            break
    else:
        place = Place(place.epoch + 1, 0)
    _finish(pending, stats)
    stats.seconds += perf_counter() - began
    return place


def train_step(
    parts: LoopParts, batch: Batch, place: Place, *, epoch_fraction: float, step_optimizer: bool
) -> LossTerms:
    """Forward and backward of one batch, and the optimiser's step if ``step_optimizer``.

    ``epoch_fraction``: the part of the epoch that is done, which the schedule reads.
    """
    fabric, optimizer = parts.fabric, parts.optimizer
    for norm in parts.frozen_norms:
        norm.eval()  # a scoring puts the whole model back into training mode
    seed_here("step", parts.seed, place.epoch, place.step, fabric.global_rank)
    with fabric.no_backward_sync(parts.learner, enabled=not step_optimizer):
        terms: LossTerms = parts.learner(fabric.to_device(batch))
        fabric.backward(terms.total / _accumulated(parts, place))
    if step_optimizer:
        rate = parts.learning_rate * parts.schedule(place.epoch + epoch_fraction)
        for group, factor in zip(optimizer.param_groups, parts.rate_factors, strict=True):
            group["lr"] = rate * factor
        if place.epoch < parts.frozen_epochs or _updates(parts, place) <= parts.frozen_steps:
            for parameter in parts.frozen:
                parameter.grad = None  # so the optimiser skips it; requires_grad must not change under DDP
        if parts.clip_norm is not None:
            fabric.clip_gradients(parts.learner, optimizer, max_norm=parts.clip_norm)
        optimizer.step()
        optimizer.zero_grad()
        if parts.averaged is not None:
            parts.averaged.update(parts.wider or parts.model, step=_updates(parts, place))
    return terms


def _accumulated(parts: LoopParts, place: Place) -> int:
    """Batches in the mean of the optimiser's step at or after ``place``; an epoch's last step may have fewer."""
    first = place.step - place.step % parts.accumulate
    return min(parts.accumulate, len(parts.batches) - first)


def _updates(parts: LoopParts, place: Place) -> int:
    """Steps of the optimiser so far, the one at ``place`` included."""
    return place.epoch * ceil(len(parts.batches) / parts.accumulate) + place.step // parts.accumulate + 1


def any_requested(fabric: Fabric, requested: bool) -> bool:  # noqa: FBT001
    """Whether any process was asked to stop, so that all stop at the same step."""
    if fabric.world_size == 1:
        return requested
    return fabric.strategy.reduce_boolean_decision(requested, all=False)


def _finish(pending: PendingStep | None, stats: EpochStats) -> None:
    """Wait for a step and count it; ReseenError if its loss is not finite."""
    if pending is not None:
        stats.add(pending.terms, images=pending.images)
        _check_finite(pending.terms, pending.place)


def _check_finite(terms: LossTerms, place: Place) -> None:
    if not isfinite(float(terms.total.detach())):
        parts = ", ".join(f"{name} {float(value):g}" for name, value in terms.terms.items())
        raise ReseenError(
            f"the loss is not finite at epoch {place.epoch + 1}, step {place.step + 1} ({parts}); "
            "lower optimizer.learning_rate or set training.clip_norm; the last checkpoint is untouched"
        )


def _note(stats: EpochStats, seconds: float) -> str:
    if not stats.steps:
        return "loss ..."  # the first step is still pending
    mean = stats.sums["total"] / stats.steps
    return f"loss {mean:.3f}  {stats.images / (stats.seconds + seconds):.0f} images/s"
