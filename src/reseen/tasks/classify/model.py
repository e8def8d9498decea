"""A classifier: a backbone, the mean over its map, one linear layer.

B = batch, C = channels, K = classes.
"""

from torch import Tensor, nn

from reseen.backbones import Backbone


class Classifier(nn.Module):
    """``backbone`` with a linear layer to so many classes on the mean of its map."""

    def __init__(self, backbone: Backbone, *, classes: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = nn.Linear(backbone.feature_map.channels, classes)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) normalised -> logits (B, K)."""
        logits: Tensor = self.head(self.embed(images))
        return logits

    def embed(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) normalised -> (B, C), what the linear layer sees."""
        mean: Tensor = self.backbone(images).mean(dim=(2, 3))
        return mean
