"""A model and its losses as one module, so that one wrapper distributes both."""

from torch import nn

from reseen.losses import LossTerms, WeightedSum
from reseen.types import Sample


class Learner(nn.Module):
    """Sample -> LossTerms. Losses with weights of their own (ArcFace, proxies) train along."""

    def __init__(self, model: nn.Module, losses: WeightedSum) -> None:
        super().__init__()
        self.model = model
        self.losses = losses

    def forward(self, batch: Sample) -> LossTerms:
        """A batch on the model's device -> the weighted total and each term."""
        output = self.model(batch.image, batch.camera, batch.view)
        terms: LossTerms = self.losses(output, batch.label)
        return terms
