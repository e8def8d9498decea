"""MGN: copies of a ResNet's last stages, one for the whole map, one each for its halves and its thirds.

Wang et al., "Learning Discriminative Features with Multiple Granularities for Person Re-Identification", ACM MM 2018,
with the stride of 1 and the pooling that FastReID gives it. B = batch, C = channels of the map.
"""

from copy import deepcopy
from typing import Literal

import torch
from torch import Tensor, nn

from reseen.backbones import Backbone
from reseen.bounds import Count
from reseen.models.heads.part_embedder import PartEmbedder, necked_in_order
from reseen.models.neck import BNNeck, identity_classifier
from reseen.ops import POOLINGS

PARTS = ("b1", "b2", "b3", "b21", "b22", "b31", "b32", "b33")
"""The whole maps of the three branches, the halves of the second, the thirds of the third: the embedding's order."""
STRIPES = (1, 2, 3)
"""Of each branch."""


class Granularities(nn.Module):
    """A trunk's map -> ``branches`` -> their whole maps and stripes, each with its own pool and reduction."""

    def __init__(self, branches: list[nn.Module], *, pools: list[nn.Module], reductions: list[nn.Module]) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)
        self.pools = nn.ModuleList(pools)
        self.reductions = nn.ModuleList(reductions)

    def forward(
        self, backbone: Backbone, images: Tensor, *, cameras: Tensor | None, views: Tensor | None
    ) -> tuple[Tensor, ...]:
        """(B, 3, H, W), (B,), (B,) -> 8 of (B, width) in the order of ``PARTS``."""
        trunk = backbone(images, cameras, views)
        maps = [branch(trunk) for branch in self.branches]
        cut = [part for whole, count in zip(maps[1:], STRIPES[1:], strict=True) for part in whole.chunk(count, dim=2)]
        parts = zip([*maps, *cut], self.pools, self.reductions, strict=True)
        return tuple(reduction(pool(part)) for part, pool, reduction in parts)


def mgn(
    *,
    backbone: Backbone,
    num_identities: int | None,
    width: Count = 256,
    pooling: Literal["average", "max", "gem", "fixed_gem"] = "gem",
    reduction: Literal["linear", "norm_relu"] = "linear",
) -> PartEmbedder:
    """Eight vectors of ``width``, compared after their necks.

    ``reduction``: what stands between pooling and neck: a linear layer, or one with norm and ReLU, as in FastReID's
    first release. That release learns one exponent of GeM for all parts; here each part has its own.

    Raises ReseenError for a backbone without bottlenecks, ValueError for a map that has too few rows for three stripes.
    """
    trunk, rest = backbone.split_third_stage()
    rows = backbone.feature_map.height
    if any(len(torch.arange(rows).chunk(count)) < count for count in STRIPES):
        raise ValueError(f"expected a map of 3 rows, or of 5 and more, to cut it in thirds, got {rows}")
    channels = backbone.feature_map.channels
    classifiers = [] if num_identities is None else [identity_classifier(width, num_identities) for _ in PARTS]
    return PartEmbedder(
        trunk,
        Granularities(
            [deepcopy(rest) for _ in STRIPES],
            pools=[POOLINGS[pooling]() for _ in PARTS],
            reductions=[_reduction(channels, width=width, kind=reduction) for _ in PARTS],
        ),
        necks=[BNNeck(width) for _ in PARTS],
        classifiers=classifiers,
        width=len(PARTS) * width,
        channels=width,
        join=necked_in_order,
    )


def _reduction(channels: int, *, width: int, kind: str) -> nn.Module:
    linear = nn.Linear(channels, width, bias=False)
    return nn.Sequential(linear, nn.BatchNorm1d(width), nn.ReLU()) if kind == "norm_relu" else nn.Sequential(linear)
