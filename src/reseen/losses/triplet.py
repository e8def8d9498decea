"""Batch-hard triplet loss (Hermans et al., 2017): farthest positive against nearest negative of each anchor.

B = batch, C = channels. The loss is the mean over all anchors, including those whose loss is 0.
"""

import torch
from torch import Tensor, nn

from reseen.bounds import Positive
from reseen.losses.features import Feature, OnFeature, PartWeights
from reseen.losses.pairs import compares_pairs
from reseen.ops import euclidean


class BatchHardTriplet(nn.Module):
    """max(0, margin + d(a, p) - d(a, n)) or, with ``margin`` None, log(1 + exp(d(a, p) - d(a, n))).

    d is the Euclidean distance between the features or, with ``normalize``, between the features scaled to unit length.
    """

    def __init__(self, *, margin: float | None, normalize: bool) -> None:
        super().__init__()
        self.margin = margin
        self.normalize = normalize

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """(B, C), (B,) -> scalar.

        Raises ValueError if the batch has an anchor without another image of its identity, or a single identity.
        """
        if self.normalize:
            features = nn.functional.normalize(features, dim=1)
        gap = _hardest_gap(euclidean(features, features), labels)
        losses = nn.functional.softplus(gap) if self.margin is None else nn.functional.relu(gap + self.margin)
        return losses.mean()


def _hardest_gap(distances: Tensor, labels: Tensor) -> Tensor:
    """(B, B), (B,) -> (B,): distance to the farthest positive minus distance to the nearest negative of each anchor."""
    same = labels[:, None] == labels[None, :]
    positive = same & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    if not bool((positive.any(dim=1) & ~same.all(dim=1)).all()):
        raise ValueError(
            "a triplet needs each identity at least twice in a batch and two identities or more, "
            f"got the labels {labels.tolist()[:16]}"
        )
    farthest = distances.masked_fill(~positive, -torch.inf).amax(dim=1)
    nearest = distances.masked_fill(same, torch.inf).amin(dim=1)
    return farthest - nearest


@compares_pairs
def triplet(
    *, margin: Positive = 0.3, normalize: bool = False, on: Feature = "pooled", parts: PartWeights = None
) -> nn.Module:
    """Batch-hard triplet loss with a ``margin``, on the feature before the neck or, as FastReID's SBS, after it."""
    return OnFeature(BatchHardTriplet(margin=margin, normalize=normalize), on=on, parts=parts)


@compares_pairs
def triplet_soft(*, normalize: bool = False, on: Feature = "pooled", parts: PartWeights = None) -> nn.Module:
    """Batch-hard triplet loss with the soft margin, on the feature before the neck or after it."""
    return OnFeature(BatchHardTriplet(margin=None, normalize=normalize), on=on, parts=parts)
