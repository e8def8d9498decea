"""Cross-entropy over the training identities, with label smoothing.

B = batch, I = training identities.
"""

from typing import Annotated, Literal, TypeAlias

from annotated_types import Ge, Lt
from torch import Tensor, nn

from reseen.errors import ReseenError
from reseen.losses.features import PartWeights, over_parts, precise
from reseen.types import Output

Smoothed: TypeAlias = Literal["all", "others"]
"""Over which identities the smoothing is spread: e / I each, or e / (I - 1) for each but the true one."""


class CrossEntropy(nn.Module):
    """-sum of y log softmax(logits), where y is 1 for the true identity, less the smoothing e, which is spread."""

    def __init__(self, *, label_smoothing: float, smoothed: Smoothed = "all", parts: PartWeights = None) -> None:
        super().__init__()
        self.label_smoothing = label_smoothing
        self.smoothed = smoothed
        self.parts = parts

    def forward(self, output: Output, labels: Tensor) -> Tensor:
        """Output, labels (B,) -> scalar. Raises ReseenError if the model has no classifier."""
        if not output.logits:
            raise ReseenError("cross_entropy needs a model with a classifier, but this model computes no logits")
        return over_parts([self._of_part(precise(logits), labels) for logits in output.logits], self.parts)

    def _of_part(self, logits: Tensor, labels: Tensor) -> Tensor:
        smoothing, identities = self.label_smoothing, logits.shape[1]
        if self.smoothed == "others" and identities > 1:
            smoothing *= identities / (identities - 1)  # torch gives the true identity its share as well
        return nn.functional.cross_entropy(logits, labels, label_smoothing=min(smoothing, 1.0))


def cross_entropy(
    *,
    label_smoothing: Annotated[float, Ge(0), Lt(1)] = 0.1,
    smoothed: Smoothed = "all",
    parts: PartWeights = None,
) -> nn.Module:
    """Cross-entropy on the classifier's logits (Szegedy et al., 2016, for the smoothing).

    ``smoothed="others"`` spreads the smoothing over all other identities, as FastReID does. ``parts``: the weights of a
    model's classifiers.
    """
    return CrossEntropy(label_smoothing=label_smoothing, smoothed=smoothed, parts=parts)
