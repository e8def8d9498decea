"""The classifiers of attributes beside a trained network, where weights are averaged and one network is chosen."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from reseen.engine.checkpoint import Card
from reseen.models import read_weights
from reseen.models.attributes import ATTRIBUTES


class TrainedTensors(NamedTuple):
    """Of a weights file: those of the ``model``, by the names of one to train, and the classifiers ``beside`` it."""

    model: dict[str, Tensor]
    beside: dict[str, Tensor]


def trained_tensors(weights: Path) -> TrainedTensors:
    """The tensors of a training's own weights."""
    model, beside = {}, {}
    for name, tensor in read_weights(weights).tensors.items():
        (beside if name.startswith(f"{ATTRIBUTES}.") else model)[name] = tensor
    return TrainedTensors(model, beside)


def with_beside(
    tensors: Mapping[str, Tensor], card: Card, *, beside: Mapping[str, Tensor], share: float
) -> tuple[dict[str, Tensor], Card]:
    """The chosen network's tensors and card: with the classifiers where its weights are those that they followed.

    On other weights, whose features they have never seen, they would be wrong, so the card names no attributes there.
    """
    if share == 1:
        return {**tensors, **beside}, card
    return dict(tensors), card._replace(attributes={})


def lost_in_words(card: Card, *, weights: str, share: float) -> str | None:
    """What is said where a choice leaves attributes behind; None where it does not."""
    if share == 1 or not card.attributes:
        return None
    kept = "trained.safetensors has the network that does"
    return f"the chosen network ({weights}) predicts no {', '.join(card.attributes)}; {kept}"
