"""LightMBN: three copies of OSNet's upper half, which give seven vectors: global, striped, and of halves of channels.

Herzog et al., "Lightweight Multi-Branch Network for Person Re-Identification", ICIP 2021.
B = batch, C = channels of the map, D = width of a vector, I = training identities.
"""

from collections.abc import Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn

from reseen.backbones import Backbone
from reseen.backbones.osnet import OmniScaleBlock, OSNetBackbone
from reseen.bounds import Count
from reseen.errors import ReseenError
from reseen.models.heads.part_embedder import PartEmbedder, by_channel
from reseen.models.neck import BNNeck, identity_classifier
from reseen.ops.pooling import AveragePool, MaxPool

PARTS = ("global", "dropped", "whole", "upper", "lower", "first half", "second half")
"""In the order of the embedding: the mean of the global branch and its maximum without its strongest rows; the maximum
of the striped branch and the means of its stripes; the halves of the third branch's channels."""
REDUCED = 5
"""The first parts, which each have a reduction of their own."""
COMPARED = (0, 1, 2)
DROPPED = 0.33


class DropTopRows(nn.Module):
    """In training, zeroes a third of an image's rows: those with the strongest position."""

    def __init__(self, share: float = DROPPED) -> None:
        super().__init__()
        self.share = share

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        if not self.training:
            return maps
        strength = maps.detach().square().sum(dim=1).amax(dim=2)
        dropped = strength.topk(round(self.share * maps.shape[2]), dim=1).indices
        kept = torch.ones_like(strength).scatter(1, dropped, 0.0)
        return maps * kept[:, None, :, None]


class LightParts(nn.Module):
    """The upper halves on a trunk's map, and the seven vectors (B, D) of their maps.

    Args:
        upper: OSNet above the first block of its second stage, from the trunk's map to maps of C channels; copied.
        channels: C, which is even.
        width: D.
    """

    def __init__(self, upper: nn.Module, *, channels: int, width: int) -> None:
        super().__init__()
        self.global_branch, self.striped_branch, self.channel_branch = (deepcopy(upper) for _ in range(3))
        self.bottleneck = OmniScaleBlock(channels, channels)
        self.drop = DropTopRows()
        self.reductions = nn.ModuleList(nn.Linear(channels, width, bias=False) for _ in range(REDUCED))
        self.shared = nn.Sequential(
            nn.Linear(channels // 2, width, bias=False), nn.BatchNorm1d(width), nn.ReLU(inplace=True)
        )
        self.mean, self.maximum, self.stripes = AveragePool(), MaxPool(), nn.AdaptiveAvgPool2d((2, 1))

    def forward(
        self, backbone: Backbone, images: Tensor, *, cameras: Tensor | None, views: Tensor | None
    ) -> tuple[Tensor, ...]:
        """(B, 3, H, W), (B,), (B,) -> seven (B, D), in the order of `PARTS`."""
        trunk = backbone(images, cameras, views)
        overall, striped = self.bottleneck(self.global_branch(trunk)), self.striped_branch(trunk)
        upper, lower = self.stripes(striped).squeeze(3).unbind(2)
        pooled = (self.mean(overall), self.maximum(self.drop(overall)), self.maximum(striped), upper, lower)
        reduced = [reduction(vector) for reduction, vector in zip(self.reductions, pooled, strict=True)]
        halves = self.mean(self.channel_branch(trunk)).chunk(2, dim=1)
        return (*reduced, *(self.shared(half) for half in halves))


def lightmbn(*, backbone: Backbone, num_identities: int | None, width: Count = 512) -> PartEmbedder:
    """Seven vectors of ``width`` numbers on an OSNet; the embedding has each of length 1 after its BNNeck.

    Raises ReseenError for another backbone.
    """
    if not isinstance(backbone, OSNetBackbone):
        raise ReseenError(f"lightmbn: expected an OSNet (osnet_x1_0, ...), got {type(backbone.body).__name__}")
    channels = backbone.feature_map.channels
    trunk, upper = backbone.split_for_branches()
    parts = len(PARTS)
    return PartEmbedder(
        trunk,
        LightParts(upper, channels=channels, width=width),
        necks=[BNNeck(width) for _ in range(parts)],
        classifiers=[]
        if num_identities is None
        else [identity_classifier(width, num_identities) for _ in range(parts)],
        width=parts * width,
        channels=width,
        join=_necked_by_channel,
        compared=COMPARED,
    )


def _necked_by_channel(_: Sequence[Tensor], necked: Sequence[Tensor]) -> Tensor:
    return by_channel(necked)
