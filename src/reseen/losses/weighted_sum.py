"""The training objective: a weighted sum of named losses."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from reseen.types import Output


class LossTerms(NamedTuple):
    """``total``: the weighted sum, to be minimised. ``terms``: each loss by name, without its weight, detached."""

    total: Tensor
    terms: dict[str, Tensor]


class WeightedSum(nn.Module):
    """The sum of ``losses``, each multiplied by the weight of the same name in ``weights``.

    Raises ValueError if the names differ or there is no loss.
    """

    def __init__(self, losses: Mapping[str, nn.Module], *, weights: Mapping[str, float]) -> None:
        super().__init__()
        if not losses or set(losses) != set(weights):
            raise ValueError(f"each loss needs a weight: losses {sorted(losses)}, weights {sorted(weights)}")
        self.losses = nn.ModuleDict(dict(losses))
        self.weights = dict(weights)

    def forward(self, output: Output, labels: Tensor) -> LossTerms:
        """Output, labels (B,) -> the sum and its terms, each a scalar."""
        terms: dict[str, Tensor] = {name: loss(output, labels) for name, loss in self.losses.items()}
        total = torch.stack([self.weights[name] * value for name, value in terms.items()]).sum()
        return LossTerms(total=total, terms={name: value.detach() for name, value in terms.items()})
