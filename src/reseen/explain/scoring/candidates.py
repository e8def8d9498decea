"""The maps that are scored against each other: every method at every stage, every attention, and two that know nothing.

B = pictures, h, w = height and width of a map.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from reseen.errors import ReseenError
from reseen.explain.maps import (
    METHODS,
    AttentionMaps,
    Side,
    Vectors,
    attention_maps,
    checked_stage,
    has_attention,
    maps_toward,
    summed,
)

ATTENTION, CENTRE, RANDOM = "attention", "centre prior", "random map"
SPREAD = 1 / 8
"""Standard deviation of the centre prior as a share of height and of width: narrow, which suits its energy best."""
CELLS = 8
"""Numbers along each side of a random map."""


@dataclass(frozen=True, eq=False)
class Question:
    """What makes the pictures of ``side`` like those that have the vectors ``toward``, or rather than ``away``."""

    side: Side
    toward: Vectors
    away: Vectors | None = None


Draw = Callable[[nn.Module, Question], Tensor]
"""-> (B, h, w), signed."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A map by its method and by the place in the network that it is made at, "" for one made at none."""

    method: str
    stage: str
    draw: Draw


def candidates(model: nn.Module, probe: Side, *, method: str | None = None) -> list[Candidate]:
    """All that the model has, or those of one ``method``, and the two that know nothing, which come last.

    ``probe``: any picture, to see which attention there is. Raises ReseenError for an unknown method, and for
    "attention" if the model has none that is a map.
    """
    wanted = list(METHODS) if method is None else [method]
    found = [
        Candidate(name, stage, _toward(name, stage))
        for name in wanted
        if name != ATTENTION
        for stage in _stages_of(model, name)
    ]
    if method == ATTENTION or (method is None and has_attention(model)):
        found += _attentions(model, probe)
    if not found:
        raise ReseenError("the model's attention weighs channels only, so there is no map of it to score")
    return [*found, Candidate(CENTRE, "", _centre), Candidate(RANDOM, "", _random())]


def _stages_of(model: nn.Module, method: str) -> Sequence[str]:
    checked_stage(model, method, None)
    return METHODS[method].stages(model)


def _toward(method: str, stage: str) -> Draw:
    def draw(model: nn.Module, question: Question) -> Tensor:
        maps = summed(maps_toward(model, question.side, question.toward, method=method, stage=stage))
        if question.away is None:
            return maps
        return maps - summed(maps_toward(model, question.side, question.away, method=method, stage=stage))

    return draw


def _attentions(model: nn.Module, probe: Side) -> list[Candidate]:
    """The first map of every place that has one, from its lowest value up, as it is drawn."""
    return [
        Candidate(ATTENTION, f"{one.place} {one.kind}", _attention(number))
        for number, one in enumerate(attention_maps(model, probe))
        if one.maps
    ]


def _attention(number: int) -> Draw:
    def draw(model: nn.Module, question: Question) -> Tensor:
        one: AttentionMaps = attention_maps(model, question.side)[number]
        maps = next(iter(one.maps.values()))
        return maps - maps.amin(dim=(1, 2), keepdim=True)

    return draw


def _centre(_: nn.Module, question: Question) -> Tensor:
    """A hill in the middle of every picture."""
    images = question.side.images
    down, right = (_hill(size).to(images.device) for size in images.shape[2:])
    return torch.outer(down, right).expand(len(images), -1, -1)


def _hill(size: int) -> Tensor:
    """(size,): a Gaussian around the middle."""
    along = (torch.arange(size) + 0.5) / size - 0.5
    return torch.exp(-(along**2) / (2 * SPREAD**2))


def _random() -> Draw:
    """Uniform noise, another for each picture, and for the same pictures in the same order the same."""
    generator = torch.Generator().manual_seed(0)

    def draw(_: nn.Module, question: Question) -> Tensor:
        images = question.side.images
        return torch.rand(len(images), CELLS, CELLS, generator=generator).to(images.device)

    return draw
