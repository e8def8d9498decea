"""Optimisers and learning-rate schedules, each a table.

A schedule is a pure function of progress, so a resumed run needs no schedule state: it asks for the factor of its step.
"""

from collections.abc import Callable, Iterable, Mapping
from math import cos, floor, pi
from types import MappingProxyType
from typing import Annotated, Any, TypeAlias

from annotated_types import Ge, Gt, Lt
from torch import nn, optim

from reseen.bounds import NotNegative, Positive

Parameters: TypeAlias = Iterable[nn.Parameter] | Iterable[dict[str, Any]]
"""Parameters, or torch's groups of them, where these differ in rate or weight decay."""
Schedule: TypeAlias = Callable[[float], float]
"""Epochs done (a fraction counts) -> factor on the learning rate."""


def adam(
    *, parameters: Parameters, fused: bool = False, learning_rate: Positive, weight_decay: NotNegative = 0.0
) -> optim.Optimizer:
    """Adam with L2 weight decay added to the gradient, as the re-ID baselines use it."""
    return optim.Adam(parameters, lr=learning_rate, weight_decay=weight_decay, fused=fused or None)


def adamw(
    *, parameters: Parameters, fused: bool = False, learning_rate: Positive, weight_decay: NotNegative = 0.01
) -> optim.Optimizer:
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019)."""
    return optim.AdamW(parameters, lr=learning_rate, weight_decay=weight_decay, fused=fused or None)


def sgd(
    *,
    parameters: Parameters,
    fused: bool = False,
    learning_rate: Positive,
    weight_decay: NotNegative = 0.0,
    momentum: Annotated[float, Ge(0), Lt(1)] = 0.9,
    nesterov: bool = False,
) -> optim.Optimizer:
    """Stochastic gradient descent with momentum."""
    return optim.SGD(
        parameters,
        lr=learning_rate,
        weight_decay=weight_decay,
        momentum=momentum,
        nesterov=nesterov,
        fused=fused or None,
    )


def step(*, milestones: list[Annotated[int, Gt(0)]], factor: Annotated[float, Gt(0), Lt(1)] = 0.1) -> Schedule:
    """Multiply by ``factor`` at each milestone, in epochs."""
    return lambda epochs: factor ** sum(epochs >= milestone for milestone in milestones)


def cosine(*, epochs: int, final: Annotated[float, Ge(0), Lt(1)] = 0.0, begin: NotNegative = 0.0) -> Schedule:
    """Fall along half a cosine from 1 to ``final`` over the run, once ``begin`` epochs are done.

    Raises ValueError for a fall that begins when the run is over.
    """
    if begin >= epochs:
        raise ValueError(f"begin: expected less than training.epochs, {epochs}, got {begin}")

    def factor(done: float) -> float:
        fallen = min(max(done - begin, 0.0) / (epochs - begin), 1.0)
        return final + (1 - final) * (1 + cos(pi * fallen)) / 2

    return factor


def poly(*, epochs: int, power: Positive = 0.9) -> Schedule:
    """Fall to 0 as a power of what is left of the run, as segmentation has it (Zhao et al., CVPR 2017)."""
    return lambda done: float(max(1 - done / epochs, 0.0) ** power)


def constant() -> Schedule:
    """Keep the learning rate."""
    return lambda _: 1.0


def with_warmup(schedule: Schedule, *, epochs: float, start: float, begin: int = 0, by_epoch: bool = False) -> Schedule:
    """Rise linearly from ``start`` (above 0, so that no step is lost) to 1 over ``epochs``, once ``begin`` are done.

    ``by_epoch``: only from one epoch to the next, as releases that set their rate once an epoch do.
    """

    def factor(done: float) -> float:
        warmed = (floor(done) if by_epoch else done) - begin
        rise = start + (1 - start) * warmed / epochs if 0 <= warmed < epochs else 1.0
        return rise * schedule(done)

    return factor


OPTIMIZERS: Mapping[str, Callable[..., optim.Optimizer]] = MappingProxyType({"adam": adam, "adamw": adamw, "sgd": sgd})
SCHEDULES: Mapping[str, Callable[..., Schedule]] = MappingProxyType(
    {"step": step, "cosine": cosine, "poly": poly, "constant": constant}
)
