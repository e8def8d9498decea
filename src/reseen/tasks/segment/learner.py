"""The learner of a segmenter: the cross-entropy of each pixel that is not ignored, from both heads.

B = batch, K = classes.
"""

from torch import Tensor, nn

from reseen.losses import LossTerms
from reseen.tasks.segment.classes import IGNORE
from reseen.tasks.segment.model import Maps
from reseen.tasks.segment.scenes import Scene


class SegmentLearner(nn.Module):
    """Scene -> LossTerms; the second head's loss counts ``auxiliary_weight`` times."""

    def __init__(self, model: nn.Module, *, auxiliary_weight: float) -> None:
        super().__init__()
        self.model = model
        self._auxiliary_weight = auxiliary_weight

    def forward(self, batch: Scene) -> LossTerms:
        """A batch on the model's device -> the weighted total and each head's term."""
        maps: Maps = self.model(batch.image)
        terms = {"cross_entropy": cross_entropy(maps.logits, batch.labels)}
        total = terms["cross_entropy"]
        if maps.auxiliary is not None:
            terms["auxiliary"] = cross_entropy(maps.auxiliary, batch.labels)
            total = total + self._auxiliary_weight * terms["auxiliary"]
        return LossTerms(total=total, terms={name: term.detach() for name, term in terms.items()})


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """(B, K, H, W), (B, H, W) -> the mean over the pixels that are not ignored; 0 where all are."""
    total = nn.functional.cross_entropy(logits.float(), labels, ignore_index=IGNORE, reduction="sum")
    return total / (labels != IGNORE).sum().clamp(min=1)
