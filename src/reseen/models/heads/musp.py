"""MUSP: parts of the map that the network learns by a softmax over prototypes at each position.

Lee et al., "Multi-attention-based Soft Partition Network for Vehicle Re-Identification", 2021. B = batch, C = channels
of the map, P = prototypes, the last of which is background and is dropped, D = ``width``.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Literal, TypeAlias

import torch
from annotated_types import Ge
from einops import rearrange
from torch import Tensor, nn

from reseen.backbones import Backbone
from reseen.bounds import Count
from reseen.errors import ReseenError
from reseen.models.heads.part_embedder import PartEmbedder, SharedParts
from reseen.models.neck import BNNeck, identity_classifier

Counted: TypeAlias = Literal["alike", "by_area"]
"""What the length of a part in the embedding is: 1, or the area that the part covers."""


class SoftParts(nn.Module):
    """A backbone's map -> P vectors (B, D): the weighted means of P - 1 prototypes, and the mean over the map.

    With a ``reduction`` the channels of the P weighted means are weighed against each other, all at once.
    """

    def __init__(self, channels: int, *, prototypes: int, width: int, reduction: int | None = None) -> None:
        super().__init__()
        self.key = nn.Conv2d(channels, prototypes, 3, padding=1)
        self.value = nn.Conv2d(channels, width, 3, padding=1, groups=width)
        self.excitation = None if reduction is None else _excitation(prototypes * width, reduction)

    def forward(
        self, backbone: Backbone, images: Tensor, *, cameras: Tensor | None, views: Tensor | None
    ) -> SharedParts:
        """(B, 3, H, W) -> P of (B, D), and the shares (B, P, h, w)."""
        maps = backbone(images, cameras, views)
        shares, values = self.key(maps).softmax(dim=1), self.value(maps)
        area = maps.shape[2] * maps.shape[3]
        if self.excitation is None:
            parts = torch.einsum("bphw,bdhw->bpd", shares[:, :-1], values) / area
        else:
            parts = self._excited(torch.einsum("bphw,bdhw->bpd", shares, values) / area)
        return SharedParts((*parts.unbind(1), values.mean(dim=(2, 3))), shares)

    def _excited(self, parts: Tensor) -> Tensor:
        """(B, P, D) -> (B, P - 1, D)."""
        assert self.excitation is not None, "it is called with one"
        factors = self.excitation(rearrange(parts, "b p d -> b (p d)"))
        excited: Tensor = parts[:, :-1] * rearrange(factors, "b (p d) -> b p d", p=parts.shape[1])[:, :-1]
        return excited


def _excitation(channels: int, reduction: int) -> nn.Sequential:
    """(B, C) -> (B, C) factors in 0..1: squeeze and excitation (Hu et al., 2018) of vectors, without biases."""
    hidden = max(1, channels // reduction)
    return nn.Sequential(
        nn.Linear(channels, hidden, bias=False), nn.ReLU(), nn.Linear(hidden, channels, bias=False), nn.Sigmoid()
    )


def musp(
    *,
    backbone: Backbone,
    num_identities: int | None,
    prototypes: Annotated[int, Ge(2)] = 6,
    width: Count = 2048,
    counted: Counted = "alike",
    reduction: Count | None = None,
) -> PartEmbedder:
    """Soft parts and the whole.

    ``counted`` "alike": each part after its neck has length 1 in the embedding, and the whole 1 / sqrt(P - 1), so that
    it counts as much as one part's share of them. "by_area", as the release tests: each part before its neck has as
    length its share of the area that all parts but the background cover, and the whole 1 / (P - 1). From such
    embeddings `reseen.metrics.PartAreas` has the release's distance, which is no distance of vectors. Their plain
    cosine weighs parts by areas too, and is smaller for two images that show a part at different sizes.
    ``reduction``: of the release's squeeze and excitation on all parts' channels, which its commands have at 16; None
    for none. The release's width of the values (its num_dim) is not public: 2048, one channel of a ResNet-50's map
    each, is our choice. Raises ReseenError where the map's channels are not a multiple of ``width``.
    """
    channels = backbone.feature_map.channels
    if channels % width:
        raise ReseenError(f"musp: width: expected a divisor of the map's {channels} channels, got {width}")
    return PartEmbedder(
        backbone,
        SoftParts(channels, prototypes=prototypes, width=width, reduction=reduction),
        necks=[BNNeck(width) for _ in range(prototypes)],
        classifiers=[]
        if num_identities is None
        else [identity_classifier(width, num_identities) for _ in range(prototypes)],
        width=prototypes * width,
        channels=width,
        join=_JOINS[counted],
    )


def _parts_of_length_one(_: Sequence[Tensor], necked: Sequence[Tensor]) -> Tensor:
    """n of (B, D) -> (B, n * D), the last scaled so that its squared distance counts 1 / (n - 1)."""
    *parts, whole = [nn.functional.normalize(vector, dim=1) for vector in necked]
    return torch.cat([*parts, whole / len(parts) ** 0.5], dim=1)


def _parts_as_long_as_areas(pooled: Sequence[Tensor], _: Sequence[Tensor]) -> Tensor:
    """n of (B, D), then the shares (B, n, h, w) -> (B, n * D)."""
    *vectors, shares = pooled
    areas = nn.functional.normalize(shares[:, :-1].sum(dim=(2, 3)), p=1.0, dim=1)
    whole = torch.full_like(areas[:, :1], 1 / areas.shape[1])
    lengths = torch.cat([areas, whole], dim=1).unbind(1)
    return torch.cat(
        [
            nn.functional.normalize(vector, dim=1) * length[:, None]
            for vector, length in zip(vectors, lengths, strict=True)
        ],
        dim=1,
    )


_JOINS: Mapping[str, Callable[[Sequence[Tensor], Sequence[Tensor]], Tensor]] = MappingProxyType(
    {"alike": _parts_of_length_one, "by_area": _parts_as_long_as_areas}
)
