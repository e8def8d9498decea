"""The maps that are scored: every method at every stage, every attention, and two that ignore the image.

B = images, h, w = height and width of a map.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from reseen.errors import ReseenError
from reseen.explain.maps import (
    METHODS,
    AttentionMaps,
    ModelInputs,
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
    """What makes the images of ``inputs`` similar to ``toward``; or more similar to it than to ``away``, if given."""

    inputs: ModelInputs
    toward: Vectors
    away: Vectors | None = None


Draw = Callable[[nn.Module, Question], Tensor]
"""-> (B, h, w), signed."""


@dataclass(frozen=True, eq=False)
class MapCandidate:
    """A map by its method and its place in the network, "" for one that has none."""

    method: str
    stage: str
    draw: Draw


def candidates(model: nn.Module, probe: ModelInputs, *, method: str | None = None) -> list[MapCandidate]:
    """All that the model has, or those of one ``method``, and last the two that ignore the image.

    ``probe``: any image, to see which attention there is. Raises ReseenError for an unknown method, and for
    "attention" if the model has none that is a map.
    """
    methods = [name for name, known in METHODS.items() if known.knows(model)] if method is None else [method]
    maps = [
        MapCandidate(name, stage, _toward(name, stage))
        for name in methods
        if name != ATTENTION
        for stage in _stages_of(model, name)
    ]
    if method == ATTENTION or (method is None and has_attention(model)):
        maps += _attentions(model, probe)
    if not maps:
        raise ReseenError("the model's attention weighs channels only, so there is no map of it to score")
    return [*maps, MapCandidate(CENTRE, "", _centre), MapCandidate(RANDOM, "", _random())]


def _stages_of(model: nn.Module, method: str) -> Sequence[str]:
    checked_stage(model, method, None)
    return METHODS[method].stages(model)


def _toward(method: str, stage: str) -> Draw:
    def draw(model: nn.Module, question: Question) -> Tensor:
        maps = summed(maps_toward(model, question.inputs, question.toward, method=method, stage=stage))
        if question.away is None:
            return maps
        return maps - summed(maps_toward(model, question.inputs, question.away, method=method, stage=stage))

    return draw


def _attentions(model: nn.Module, probe: ModelInputs) -> list[MapCandidate]:
    """The first map of every module that has one, shifted so that its lowest value is 0, as it is drawn."""
    return [
        MapCandidate(ATTENTION, f"{attention.place} {attention.kind}", _attention(number))
        for number, attention in enumerate(attention_maps(model, probe))
        if attention.maps
    ]


def _attention(number: int) -> Draw:
    def draw(model: nn.Module, question: Question) -> Tensor:
        attention: AttentionMaps = attention_maps(model, question.inputs)[number]
        maps = next(iter(attention.maps.values()))
        return maps - maps.amin(dim=(1, 2), keepdim=True)

    return draw


def _centre(_: nn.Module, question: Question) -> Tensor:
    """A Gaussian in the middle of every image."""
    images = question.inputs.images
    down, right = (_hill(size).to(images.device) for size in images.shape[2:])
    return torch.outer(down, right).expand(len(images), -1, -1)


def _hill(size: int) -> Tensor:
    """(size,): a Gaussian around the middle."""
    along = (torch.arange(size) + 0.5) / size - 0.5
    return torch.exp(-(along**2) / (2 * SPREAD**2))


def _random() -> Draw:
    """Uniform noise, different for each image; the same images in the same order get the same noise."""
    generator = torch.Generator().manual_seed(0)

    def draw(_: nn.Module, question: Question) -> Tensor:
        images = question.inputs.images
        return torch.rand(len(images), CELLS, CELLS, generator=generator).to(images.device)

    return draw
