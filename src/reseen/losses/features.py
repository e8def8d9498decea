"""Which feature of an Output a loss looks at, and in which precision.

B = batch, C = channels.
"""

from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from reseen.errors import ReseenError
from reseen.types import Output

Feature: TypeAlias = Literal["pooled", "necked"]
"""``pooled``: before the neck, for Euclidean losses. ``necked``: after it, for losses on angles."""


class OnFeature(nn.Module):
    """``loss`` (features (B, C), labels (B,)) -> scalar, averaged over the branches that an Output has compared.

    A ``miner`` (features, labels) -> indices chooses the pairs or triplets that the loss compares. The features are
    raised to float32 and autocast is off: distances of half-precision vectors are noise.
    """

    def __init__(self, loss: nn.Module, *, on: Feature, miner: nn.Module | None = None) -> None:
        super().__init__()
        self.loss = loss
        self.on = on
        self.miner = miner

    def forward(self, output: Output, labels: Tensor) -> Tensor:
        """Output, labels (B,) -> scalar.

        Raises ReseenError if weights made for one branch meet several, or no branch is to be compared.
        """
        branches = self._branches(output)
        if len(branches) > 1 and any(True for _ in self.loss.parameters()):
            raise ReseenError(
                f"{type(self.loss).__name__} has one weight per identity for one branch, "
                f"the model has {len(branches)} branches: use a loss without weights of its own"
            )
        with torch.autocast(labels.device.type, enabled=False):
            return torch.stack([self._on_branch(precise(branch), labels) for branch in branches]).mean()

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


def precise(features: Tensor) -> Tensor:
    """At least float32, whatever autocast made of it."""
    return features.to(torch.promote_types(features.dtype, torch.float32))
