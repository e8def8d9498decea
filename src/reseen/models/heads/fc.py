"""The head of torchreid's networks: the map's mean through one full layer, compared and classified after it.

B = batch, C = channels of the map, D = width of the layer, I = training identities.
"""

from typing import Literal

from torch import Tensor, nn

from reseen.backbones import Backbone
from reseen.bounds import Count
from reseen.models.heads.part_embedder import PartEmbedder, necked_in_order
from reseen.ops.pooling import AveragePool


class WholeMap(nn.Module):
    """A backbone's map -> its mean, as the one part."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = AveragePool()

    def forward(
        self, backbone: Backbone, images: Tensor, *, cameras: Tensor | None, views: Tensor | None
    ) -> tuple[Tensor, ...]:
        """(B, 3, H, W), (B,), (B,) -> one (B, C)."""
        return (self.pool(backbone(images, cameras, views)),)


class CosineClassifier(nn.Module):
    """Logits (B, I) are the cosines of a vector with the weights of each identity."""

    def __init__(self, channels: int, num_identities: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(nn.init.normal_(nn.Linear(channels, num_identities).weight.detach()))

    def forward(self, vectors: Tensor) -> Tensor:
        """(B, D) -> (B, I)."""
        return nn.functional.normalize(vectors, dim=1) @ nn.functional.normalize(self.weight, dim=1).T


CLASSIFIERS = {"linear": nn.Linear, "cosine": CosineClassifier}


def fc(
    *,
    backbone: Backbone,
    num_identities: int | None,
    width: Count = 512,
    relu: bool = True,
    classifier: Literal["linear", "cosine"] = "linear",
) -> PartEmbedder:
    """A full layer of ``width`` numbers with batch norm and, unless ``relu`` is false, a ReLU."""
    channels = backbone.feature_map.channels
    act = [nn.ReLU()] if relu else []
    layer = nn.Linear(channels, width)
    nn.init.normal_(layer.weight, std=0.01)
    return PartEmbedder(
        backbone,
        WholeMap(),
        necks=[nn.Sequential(layer, nn.BatchNorm1d(width), *act)],
        classifiers=[] if num_identities is None else [CLASSIFIERS[classifier](width, num_identities)],
        width=width,
        channels=channels,
        join=necked_in_order,
    )
