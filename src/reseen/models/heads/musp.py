"""MUSP: parts of the map that the network learns by a softmax over prototypes at each place.

Lee et al., "Multi-attention-based Soft Partition Network for Vehicle Re-Identification", 2021. B = batch, C = channels
of the map, P = prototypes, the last of which is background and is dropped, D = ``width``.
"""

from collections.abc import Sequence
from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor, nn

from reseen.backbones import Backbone
from reseen.bounds import Count
from reseen.errors import ReseenError
from reseen.models.heads.part_embedder import PartEmbedder
from reseen.models.neck import BNNeck, identity_classifier


class SoftParts(nn.Module):
    """A backbone's map -> P vectors (B, D): the weighted means of P - 1 prototypes, and the mean over the map."""

    def __init__(self, channels: int, *, prototypes: int, width: int) -> None:
        super().__init__()
        self.key = nn.Conv2d(channels, prototypes, 3, padding=1)
        self.value = nn.Conv2d(channels, width, 3, padding=1, groups=width)

    def forward(
        self, backbone: Backbone, images: Tensor, *, cameras: Tensor | None, views: Tensor | None
    ) -> tuple[Tensor, ...]:
        """(B, 3, H, W) -> P of (B, D)."""
        maps = backbone(images, cameras, views)
        weights, values = self.key(maps).softmax(dim=1), self.value(maps)
        parts = torch.einsum("bphw,bdhw->bpd", weights[:, :-1], values) / (maps.shape[2] * maps.shape[3])
        return (*parts.unbind(1), values.mean(dim=(2, 3)))


def musp(
    *,
    backbone: Backbone,
    num_identities: int | None,
    prototypes: Annotated[int, Ge(2)] = 6,
    width: Count = 2048,
) -> PartEmbedder:
    """Soft parts and the whole, each at length 1 in the embedding.

    The release weighs the distances of parts by how much of both images they cover, which is no distance of vectors;
    here each part counts alike, and the whole as much as 1 / (P - 1) of them together, as there. Its width of the
    values is not public: 2048, one channel of the map each, is our choice. Raises ReseenError where the map's channels
    are not a multiple of ``width``.
    """
    channels = backbone.feature_map.channels
    if channels % width:
        raise ReseenError(f"musp: width: expected a divisor of the map's {channels} channels, got {width}")
    return PartEmbedder(
        backbone,
        SoftParts(channels, prototypes=prototypes, width=width),
        necks=[BNNeck(width) for _ in range(prototypes)],
        classifiers=[]
        if num_identities is None
        else [identity_classifier(width, num_identities) for _ in range(prototypes)],
        width=prototypes * width,
        channels=width,
        join=_parts_of_length_one,
    )


def _parts_of_length_one(_: Sequence[Tensor], necked: Sequence[Tensor]) -> Tensor:
    """n of (B, D) -> (B, n * D), the last scaled so that its squared distance counts 1 / (n - 1)."""
    *parts, whole = [nn.functional.normalize(vector, dim=1) for vector in necked]
    return torch.cat([*parts, whole / len(parts) ** 0.5], dim=1)
