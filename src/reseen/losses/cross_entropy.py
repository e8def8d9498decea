"""Cross-entropy over the training identities, with label smoothing.

B = batch, I = training identities.
"""

from typing import Annotated

import torch
from annotated_types import Ge, Lt
from torch import Tensor, nn

from reseen.errors import ReseenError
from reseen.losses.features import precise
from reseen.types import Output


class CrossEntropy(nn.Module):
    """-sum of y log softmax(logits); with smoothing e, y is e / I, and 1 - e more for the true identity."""

    def __init__(self, *, label_smoothing: float) -> None:
        super().__init__()
        self.label_smoothing = label_smoothing

    def forward(self, output: Output, labels: Tensor) -> Tensor:
        """Output, labels (B,) -> scalar. Raises ReseenError if the model has no classifier."""
        if not output.logits:
            raise ReseenError("cross_entropy needs a model with a classifier, but this model computes no logits")
        losses = [
            nn.functional.cross_entropy(precise(logits), labels, label_smoothing=self.label_smoothing)
            for logits in output.logits
        ]
        return torch.stack(losses).mean()


def cross_entropy(*, label_smoothing: Annotated[float, Ge(0), Lt(1)] = 0.1) -> nn.Module:
    """Cross-entropy on the classifier's logits (Szegedy et al., 2016, for the smoothing)."""
    return CrossEntropy(label_smoothing=label_smoothing)
