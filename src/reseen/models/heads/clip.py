"""CLIP-ReID's head: the image encoder's vector, and the same projected into the space that CLIP shares with texts.

Li et al., AAAI 2023. B = batch, D = width of the encoder's vector (768 of ViT-B/16, 2048 of RN50), P = of the projected
one (512, 1024). In training a third vector, from before the last block or stage, is compared by the triplet loss; it
has no neck.
"""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from reseen.backbones import Backbone
from reseen.backbones.clip_vit import ClipViT
from reseen.bounds import Count
from reseen.models.heads.attention_pool import AttentionPool
from reseen.models.heads.part_embedder import PartEmbedder, pooled_in_order
from reseen.models.neck import BNNeck, identity_classifier
from reseen.ops import POOLINGS

POSITIONS = "pool.positional_embedding"


class ClassTokens(nn.Module):
    """A ViT's class token after its last norm (B, D), projected (B, P), and, in training, before its last block."""

    def __init__(self, width: int, projected: int) -> None:
        super().__init__()
        self.projection = nn.Linear(width, projected, bias=False)
        nn.init.normal_(self.projection.weight, std=width**-0.5)

    def forward(
        self, backbone: ClipViT, images: Tensor, *, cameras: Tensor | None, views: Tensor | None
    ) -> tuple[Tensor, ...]:
        """(B, 3, H, W), (B,), (B,) -> (B, D), (B, P) and, in training, (B, D)."""
        tokens = backbone.last_tokens(images, cameras, views)
        last = tokens.after[:, 0]
        vectors = (last, self.projection(last))
        return (*vectors, tokens.before[:, 0]) if self.training else vectors


class PooledMaps(nn.Module):
    """A CNN's last map averaged (B, D), pooled by attention (B, P), and, in training, the map before it averaged."""

    def __init__(self, pool: AttentionPool) -> None:
        super().__init__()
        self.average = POOLINGS["average"]()
        self.pool = pool

    def forward(
        self, backbone: Backbone, images: Tensor, *, cameras: Tensor | None, views: Tensor | None
    ) -> tuple[Tensor, ...]:
        """(B, 3, H, W), (B,), (B,) -> (B, D), (B, P) and, in training, (B, C)."""
        if not self.training:  # the map passes through the backbone's forward, where explanations look for it
            maps = backbone(images, cameras, views)
            return self.average(maps), self.pool(maps)
        maps, before = backbone.last_two(images)
        return self.average(maps), self.pool(maps), self.average(before)


def clip(*, backbone: Backbone, num_identities: int | None, projected: Count = 512, heads: Count = 32) -> PartEmbedder:
    """Two vectors of ``clip_vit_b16`` or of a CNN, each with a BNNeck and a classifier; both are compared unnormed.

    ``projected``: width of the second vector, 512 of CLIP's ViT-B/16, 1024 of its RN50. ``heads``: of the attention
    pooling, which a CNN has.
    """
    channels = backbone.feature_map.channels
    parts: nn.Module = (
        ClassTokens(channels, projected)
        if isinstance(backbone, ClipViT)
        else PooledMaps(AttentionPool(backbone.feature_map, width=projected, heads=heads))
    )
    start: Any = getattr(backbone, "head_start", {})
    if start:
        _begin_with(parts, start)
    widths = (channels, projected)
    return PartEmbedder(
        backbone,
        parts,
        necks=[BNNeck(width) for width in widths],
        classifiers=[] if num_identities is None else [identity_classifier(width, num_identities) for width in widths],
        width=sum(widths),
        channels=channels,
        join=_first_two,
    )


def _begin_with(parts: nn.Module, start: Mapping[str, Tensor]) -> None:
    """Load start weights; positions of another map are resampled. ValueError for another width."""
    positions = start.get(POSITIONS)
    if (
        isinstance(parts, PooledMaps)
        and positions is not None
        and len(positions) != len(parts.pool.positional_embedding)
    ):
        start = {**start, POSITIONS: parts.pool.for_own_map(positions)}
    own = parts.state_dict()
    for name, tensor in start.items():
        if name in own and own[name].shape != tensor.shape:
            expected, got = tuple(own[name].shape), tuple(tensor.shape)
            raise ValueError(f"the start weights do not fit: {name}: expected {expected}, got {got}; set projected")
    parts.load_state_dict(start)


def _first_two(pooled: Any, necked: Any) -> Tensor:
    return pooled_in_order(pooled[:2], necked)
