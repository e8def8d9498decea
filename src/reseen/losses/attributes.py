"""Classifying what is true of an identity besides who it is: colour, type, model, age.

Attribute branches are what ANet and TANet rest on; this is their plain form, a linear classifier for each attribute.
B = batch, C = channels, I = training identities.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn

from reseen.errors import unknown
from reseen.losses.features import Feature, OnFeature
from reseen.types import UNKNOWN

IdentityAttributes: TypeAlias = Mapping[str, Sequence[int]]
"""Column -> the class of each training identity (I,), in the order of their labels, or ``UNKNOWN``."""


class AttributeLoss(nn.Module):
    """The mean over attributes of the cross-entropy of a linear classifier; identities that are unknown do not count.

    Each attribute's classes are numbered from 0, and all that occur are known.
    """

    def __init__(self, attributes: IdentityAttributes, *, width: int) -> None:
        super().__init__()
        self.names = tuple(attributes)
        for name, classes in attributes.items():
            self.register_buffer(f"of_{name}", torch.tensor(list(classes), dtype=torch.long), persistent=False)
        self.classifiers = nn.ModuleList(nn.Linear(width, max(classes) + 1) for classes in attributes.values())

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """(B, C), (B,) -> scalar."""
        losses = []
        for name, classifier in zip(self.names, self.classifiers, strict=True):
            classes = self.get_buffer(f"of_{name}")[labels]
            total = nn.functional.cross_entropy(classifier(features), classes, ignore_index=UNKNOWN, reduction="sum")
            losses.append(total / (classes != UNKNOWN).sum().clamp(min=1))
        return torch.stack(losses).mean()


def attributes(
    *,
    identity_attributes: IdentityAttributes,
    width: int,
    columns: list[str] = [],  # noqa: B006 - read, never changed
    on: Feature = "pooled",
) -> nn.Module:
    """Cross-entropy of the ``columns`` of the training table, such as colour and type, on the feature before the neck.

    Without ``columns`` it takes all that the table has besides path, identity, camera, view, split and track. Raises
    ValueError for a column that the table has not got, or in which nothing is known.
    """
    columns = columns or list(identity_attributes)
    if not columns:
        raise ValueError("expected a training table with columns such as colour and type, got one without")
    for name in columns:
        if name not in identity_attributes:
            raise ValueError(f"columns: {unknown('column', name, identity_attributes)}")
        if max(identity_attributes[name], default=UNKNOWN) == UNKNOWN:
            raise ValueError(f"columns: {name} is empty for every training identity: leave it out")
    return OnFeature(AttributeLoss({name: identity_attributes[name] for name in columns}, width=width), on=on)
