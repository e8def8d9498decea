"""A model and its losses as one module, so that one wrapper distributes both."""

from torch import Tensor, nn

from reseen.losses import LossTerms, WeightedSum
from reseen.types import Sample


class Learner(nn.Module):
    """Sample -> LossTerms. Losses with weights of their own (ArcFace, proxies) train along."""

    def __init__(self, model: nn.Module, losses: WeightedSum) -> None:
        super().__init__()
        self.model = model
        self.losses = losses

    def forward(self, images: Tensor, labels: Tensor, cameras: Tensor, views: Tensor) -> LossTerms:
        """(B, 3, H, W), (B,), (B,), (B,) -> the weighted total and each term."""
        terms: LossTerms = self.losses(self.model(images, cameras, views), labels)
        return terms

    def terms(self, batch: Sample) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The fields of a batch that ``forward`` takes."""
        return batch.image, batch.label, batch.camera, batch.view  # type: ignore[return-value]
