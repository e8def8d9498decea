"""Distillation: a small model learns to answer as a larger one does that was trained before.

B = batch, I = training identities.
"""

import torch
from torch import Tensor, nn

from reseen.bounds import Positive
from reseen.errors import ReseenError
from reseen.losses.features import precise
from reseen.types import Output


class Distillation(nn.Module):
    """Half the sum of both Kullback-Leibler divergences between the answers of model and teacher, softened.

    Both are softened by the temperature T, and the result is multiplied by T^2, so that gradients keep their size. With
    several classifiers it is the mean over all pairs of one of the model's and one of the teacher's.
    """

    def __init__(self, *, temperature: float) -> None:
        super().__init__()
        self.temperature = temperature

    def forward(self, output: Output, labels: Tensor) -> Tensor:  # noqa: ARG002 - every loss is called so
        """Output, labels (B,) -> scalar. Raises ReseenError without logits of the model or of a teacher."""
        if not output.logits or not output.taught:
            raise ReseenError(
                "distillation needs a model with a classifier, and a teacher (the recipe's `teacher`) with one"
            )
        pairs = [(own, taught) for own in output.logits for taught in output.taught]
        return torch.stack([self._of_pair(precise(own), precise(taught)) for own, taught in pairs]).mean()

    def _of_pair(self, own: Tensor, taught: Tensor) -> Tensor:
        """(B, I), (B, I) -> scalar."""
        first, second = (nn.functional.log_softmax(logits / self.temperature, dim=1) for logits in (own, taught))
        one = nn.functional.kl_div(first, second, reduction="batchmean", log_target=True)
        other = nn.functional.kl_div(second, first, reduction="batchmean", log_target=True)
        return self.temperature**2 * (one + other) / 2


def distillation(*, temperature: Positive = 16.0) -> nn.Module:
    """Symmetric distillation of logits (Hinton et al., 2015; both directions and T = 16 as FastReID's FastDistill)."""
    return Distillation(temperature=temperature)
