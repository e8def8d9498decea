"""The classifiers of attributes beside a network that is chosen: the training's own, or fitted anew on other weights.

N = images, C = channels.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from reseen.data.table import Split, numbers
from reseen.engine.checkpoint import Card
from reseen.engine.linear_heads import NEVER, Head, logistic_regression
from reseen.models import EmbeddingModel, SingleBranchEmbedder, read_weights
from reseen.models.attributes import ATTRIBUTES
from reseen.types import UNKNOWN


class TrainedTensors(NamedTuple):
    """Of a weights file: those of the ``model``, by the names of one to train, and the classifiers ``beside`` it."""

    model: dict[str, Tensor]
    beside: dict[str, Tensor]


def trained_tensors(weights: Path) -> TrainedTensors:
    """The tensors of a training's own weights."""
    model: dict[str, Tensor] = {}
    beside: dict[str, Tensor] = {}
    for name, tensor in read_weights(weights).tensors.items():
        (beside if name.startswith(f"{ATTRIBUTES}.") else model)[name] = tensor
    return TrainedTensors(model, beside)


class Chosen(NamedTuple):
    """The ``tensors`` and the ``card`` of the network that is handed over, and a ``note`` on its attributes, or ""."""

    tensors: dict[str, Tensor]
    card: Card
    note: str = ""


def with_attributes(
    chosen: Chosen,
    model: EmbeddingModel,
    *,
    share: float,
    trained: TrainedTensors,
    sample: Split,
    embed: Callable[[Split], Tensor],
) -> Chosen:
    """The chosen network with classifiers for the attributes that its card names.

    Those of the training fit only the trained weights, a ``share`` of 1. On others they are fitted anew, on the images
    of ``sample`` as ``embed`` gives them, (P, N, C) before the neck; of a network of several vectors, which gives no
    such vector, the card then names no attributes.

    ``model``: with the chosen network's weights, in evaluation mode.
    """
    attributes = chosen.card.attributes
    if not attributes or share == 1:
        return chosen._replace(tensors={**chosen.tensors, **trained.beside})
    if not isinstance(model, SingleBranchEmbedder):
        lost = f"the network handed over predicts no {', '.join(attributes)}: its weights are others than the trained"
        return chosen._replace(card=chosen.card._replace(attributes={}), note=lost)
    vectors = embed(sample)[0]
    if chosen.card.recipe["losses"][ATTRIBUTES]["on"] == "necked":
        with torch.inference_mode():
            vectors = model.neck.cpu()(vectors)
    fitted: dict[str, Tensor] = {}
    for number, (name, classes) in enumerate(attributes.items()):
        said = [None if value is None else str(value) for value in sample.frame[name]]
        head = _classifier(vectors, torch.from_numpy(numbers(classes, said)), classes=len(classes))
        fitted |= {f"{ATTRIBUTES}.classifiers.{number}.{key}": value for key, value in head._asdict().items()}
    note = f"{', '.join(attributes)}: classifiers fitted anew on the weights that are handed over"
    return chosen._replace(tensors={**chosen.tensors, **fitted}, note=note)


def _classifier(vectors: Tensor, labels: Tensor, *, classes: int) -> Head:
    """A linear layer fitted on the images whose class is known; with one class among them, it says that one."""
    known = labels != UNKNOWN
    seen = torch.unique(labels[known])
    if len(seen) > 1:
        return logistic_regression(vectors[known], labels[known], classes=classes)
    bias = torch.full((classes,), NEVER)
    bias[seen] = 0.0
    return Head(torch.zeros(classes, vectors.shape[1]), bias)
