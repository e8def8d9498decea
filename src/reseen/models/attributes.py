"""What a network says of an image besides its embedding: colour, type, model, by the classifiers it was trained with.

B = batch, C = channels.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from torch import Tensor, nn

from reseen.types import Output

AttributeClasses: TypeAlias = Mapping[str, Sequence[str]]
"""Attribute -> the names of its classes, in the order of its classifier's outputs."""

Feature: TypeAlias = Literal["pooled", "necked"]

ATTRIBUTES = "attributes"
"""The name of a model's part that predicts attributes, with which the names of its tensors begin."""


class AttributeClassifiers(nn.Module):
    """A linear classifier for each attribute, on the feature that the loss ``attributes`` saw.

    Example:
        >>> import torch
        >>> predict = AttributeClassifiers({"colour": ["blue", "red"]}, width=4)
        >>> features = torch.rand(3, 4)
        >>> [one.shape for one in predict(Output(features, (features,), (features,), ()))]
        [torch.Size([3, 2])]
    """

    def __init__(self, classes: AttributeClasses, *, width: int, on: Feature = "pooled") -> None:
        super().__init__()
        self.classes = {name: tuple(names) for name, names in classes.items()}
        self.on = on
        self.classifiers = nn.ModuleList(nn.Linear(width, len(names)) for names in classes.values())

    def forward(self, output: Output) -> tuple[Tensor, ...]:
        """Output -> the probabilities of each attribute's classes, (B, classes), in the attributes' order."""
        branches = output.pooled if self.on == "pooled" else output.necked
        (features,) = branches if output.compared is None else (branches[number] for number in output.compared)
        return tuple(classifier(features.float()).softmax(dim=1) for classifier in self.classifiers)


def attribute_classifiers(model: nn.Module) -> AttributeClassifiers | None:
    """The part of a model that predicts attributes; None where it was trained without."""
    part = getattr(model, ATTRIBUTES, None)
    return part if isinstance(part, AttributeClassifiers) else None
