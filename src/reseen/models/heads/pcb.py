"""PCB: the map cut into horizontal stripes, each pooled, reduced by one shared layer and classified by itself.

Sun et al., "Beyond Part Models: Person Retrieval with Refined Part Pooling", ECCV 2018, without the refined pooling.
B = batch, C = channels of the map.
"""

from collections.abc import Sequence
from typing import Annotated

from annotated_types import Ge, Lt
from torch import Tensor, nn

from reseen.backbones import Backbone
from reseen.bounds import Count
from reseen.models.heads.part_embedder import PartEmbedder, by_channel


class Stripes(nn.Module):
    """A backbone's map -> one (B, C) a stripe, from top to bottom: the mean of its positions."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d((count, 1))

    def forward(
        self, backbone: Backbone, images: Tensor, *, cameras: Tensor | None, views: Tensor | None
    ) -> tuple[Tensor, ...]:
        """(B, 3, H, W), (B,), (B,) -> stripes of (B, C)."""
        stripes: Tensor = self.pool(backbone(images, cameras, views))
        return stripes.squeeze(3).unbind(2)


def pcb(
    *,
    backbone: Backbone,
    num_identities: int | None,
    parts: Count = 6,
    width: Count = 256,
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.5,
) -> PartEmbedder:
    """Stripes of the map; retrieval compares them before the reduction to ``width``, each of length 1."""
    channels = backbone.feature_map.channels
    reduction = nn.Sequential(
        nn.Dropout(dropout), nn.Linear(channels, width, bias=False), nn.BatchNorm1d(width), nn.ReLU()
    )
    classifiers = [] if num_identities is None else [nn.Linear(width, num_identities) for _ in range(parts)]
    return PartEmbedder(
        backbone,
        Stripes(parts),
        necks=[reduction],
        classifiers=classifiers,
        width=parts * channels,
        channels=channels,
        join=_stripes_by_channel,
    )


def _stripes_by_channel(pooled: Sequence[Tensor], _: Sequence[Tensor]) -> Tensor:
    return by_channel(pooled)
