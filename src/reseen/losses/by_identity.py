"""Losses with a weight of their own for each training identity, which pytorch-metric-learning has not got.

B = batch, C = channels, I = training identities.
"""

import torch
from torch import Tensor, nn

from reseen.bounds import NotNegative, Positive
from reseen.losses.features import Feature, OnFeature


class CircleSoftmax(nn.Module):
    """Circle loss on classes: cross-entropy of cosines, each weighted by how far it is from its optimum."""

    def __init__(self, *, num_identities: int, width: int, margin: float, scale: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(num_identities, width))
        nn.init.normal_(self.weight, std=0.01)
        self.margin, self.scale = margin, scale

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """(B, C), (B,) -> scalar."""
        cosines = nn.functional.linear(nn.functional.normalize(features), nn.functional.normalize(self.weight))
        found = cosines.detach()
        positive = (1 + self.margin - found).clamp(min=0) * (cosines - 1 + self.margin)
        negative = (found + self.margin).clamp(min=0) * (cosines - self.margin)
        true = nn.functional.one_hot(labels, len(self.weight)).bool()
        return nn.functional.cross_entropy(self.scale * torch.where(true, positive, negative), labels)


class CentreLoss(nn.Module):
    """Half the squared distance of each feature from the centre of its identity, averaged over the batch."""

    def __init__(self, *, num_identities: int, width: int) -> None:
        super().__init__()
        self.centres = nn.Parameter(torch.randn(num_identities, width))

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """(B, C), (B,) -> scalar."""
        return (features - self.centres[labels]).square().sum(dim=1).mean() / 2


def circle_softmax(
    *, num_identities: int, width: int, margin: NotNegative = 0.35, scale: Positive = 64.0, on: Feature = "necked"
) -> nn.Module:
    """Circle loss with a weight for each identity (Sun et al., 2020, eq. 10, on class labels), as FastReID's head."""
    loss = CircleSoftmax(num_identities=num_identities, width=width, margin=margin, scale=scale)
    return OnFeature(loss, on=on)


def centre(*, num_identities: int, width: int, on: Feature = "pooled") -> nn.Module:
    """Centre loss (Wen et al., 2016); its centres train with everything else, at the same rate."""
    return OnFeature(CentreLoss(num_identities=num_identities, width=width), on=on)
