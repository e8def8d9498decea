"""The feature of an Output that a loss is computed on, and its precision.

B = batch, C = channels.
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from reseen.bounds import NotNegative
from reseen.errors import ReseenError
from reseen.types import Output

Feature: TypeAlias = Literal["pooled", "necked"]
"""``pooled``: before the neck, for losses on Euclidean distances. ``necked``: after the neck, for losses on angles."""


PartWeights: TypeAlias = list[NotNegative] | None
"""One a branch or part, in their order, that multiply its loss in a sum; None: the mean over them."""


class OnFeature(nn.Module):
    """``loss`` (features (B, C), labels (B,)) -> scalar, over the branches that an Output marks as compared.

    Its mean over them or, with the weights of ``parts``, a sum.

    A ``miner`` (features, labels) -> indices chooses the pairs or triplets that the loss compares. The features are
    converted to float32 and autocast is off, because distances between half-precision vectors are too inexact.
    """

    def __init__(
        self, loss: nn.Module, *, on: Feature, miner: nn.Module | None = None, parts: PartWeights = None
    ) -> None:
        super().__init__()
        self.loss = loss
        self.on = on
        self.miner = miner
        self.parts = parts

    def forward(self, output: Output, labels: Tensor) -> Tensor:
        """Output, labels (B,) -> scalar.

        Raises ReseenError if a loss with weights for one branch gets several branches, or if no branch is compared.
        """
        branches = self._branches(output)
        if len(branches) > 1 and any(True for _ in self.loss.parameters()):
            raise ReseenError(
                f"{type(self.loss).__name__} has weights for one branch, but "
                f"the model has {len(branches)} branches: use a loss without weights of its own"
            )
        with torch.autocast(labels.device.type, enabled=False):
            return over_parts([self._on_branch(precise(branch), labels) for branch in branches], self.parts)

    def _on_branch(self, features: Tensor, labels: Tensor) -> Tensor:
        loss: Tensor = (
            self.loss(features, labels)
            if self.miner is None
            else self.loss(features, labels, self.miner(features, labels))
        )
        return loss

    def _branches(self, output: Output) -> tuple[Tensor, ...]:
        features = output.pooled if self.on == "pooled" else output.necked
        if output.compared is None:
            return features
        if not output.compared:
            raise ReseenError(
                f"{type(self.loss).__name__} compares features, but no branch of the model has the role triplet or both"
            )
        return tuple(features[number] for number in output.compared)


def over_parts(losses: Sequence[Tensor], weights: PartWeights) -> Tensor:
    """Scalars, one a branch or part -> their mean, or their sum with these weights.

    Raises ReseenError for another number of weights.

    >>> over_parts([torch.tensor(1.0), torch.tensor(3.0)], [0.5, 0.25])
    tensor(1.2500)
    """
    stacked = torch.stack(list(losses))
    if weights is None:
        return stacked.mean()
    if len(weights) != len(stacked):
        raise ReseenError(f"parts: expected {len(stacked)} weights, one a part of the model, got {len(weights)}")
    return stacked @ stacked.new_tensor(weights)


def precise(features: Tensor) -> Tensor:
    """The features in float32, or in float64 if they are."""
    return features.to(torch.promote_types(features.dtype, torch.float32))
