"""The embedder whose head makes several vectors of one backbone's features: parts, stripes, tokens, graph nodes.

B = batch, C = channels of a part, n = parts, I = training identities.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import torch
from einops import rearrange
from torch import Tensor, nn

from reseen.backbones import Backbone
from reseen.types import Output

Join: TypeAlias = Callable[[Sequence[Tensor], Sequence[Tensor]], Tensor]
"""From the parts' vectors before their necks, and after them, to the embedding (B, D)."""


class SharedParts(NamedTuple):
    """Parts' vectors (B, C), and the shares (B, P, h, w) of each position in the prototypes that made them."""

    vectors: tuple[Tensor, ...]
    shares: Tensor


class PartEmbedder(nn.Module):
    """``backbone`` -> ``parts`` -> ``necks`` -> ``classifiers``, one neck and one classifier a part.

    Args:
        backbone: Of any family; the parts read what they need of it.
        parts: Called with (backbone, images, cameras=, views=); one vector (B, C) a part, before its neck, or
            `SharedParts`.
        necks: (B, C) to (B, C'), in the order of the parts, or one that all share. Parts beyond them, which a head may
            give in training alone, have none: only losses on pooled features see them.
        classifiers: (B, C') to logits (B, I), in the order of the parts; none for a deployed model.
        width: D, the number of channels of the embedding.
        channels: Of the first compared part, which losses with weights of their own are built for.
        join: What the parts' vectors become the embedding by; after `SharedParts` it gets the shares as well, last of
            those before the necks.
        compared: The numbers of the parts that losses on features see; None: all.
    """

    def __init__(
        self,
        backbone: Backbone,
        parts: nn.Module,
        *,
        necks: Sequence[nn.Module],
        classifiers: Sequence[nn.Module] = (),
        width: int,
        channels: int,
        join: Join,
        compared: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.parts = parts
        self.necks = nn.ModuleList(necks)
        self.classifiers = nn.ModuleList(classifiers)
        self.width = width
        self.channels = channels
        self.join = join
        self.compared = compared

    def forward(self, images: Tensor, cameras: Tensor | None = None, views: Tensor | None = None) -> Output:
        """(B, 3, H, W) normalised -> Output with embedding (B, D), the same in either mode.

        ``cameras`` and ``views`` (B,) go to the backbone, whose family may learn them.
        """
        parts: Sequence[Tensor] | SharedParts = self.parts(self.backbone, images, cameras=cameras, views=views)
        pooled, shares = parts if isinstance(parts, SharedParts) else (parts, None)
        necks = list(self.necks) * (len(pooled) if len(self.necks) == 1 else 1)
        necked = [neck(vector) for neck, vector in zip(necks, pooled, strict=False)]
        classified = zip(self.classifiers, necked, strict=True) if len(self.classifiers) else ()
        return Output(
            embedding=self.join(pooled if shares is None else [*pooled, shares], necked),
            pooled=tuple(pooled),
            necked=tuple(necked),
            logits=tuple(classifier(vector) for classifier, vector in classified),
            compared=self.compared,
            shares=shares,
        )


def necked_in_order(_: Sequence[Tensor], necked: Sequence[Tensor]) -> Tensor:
    """n of (B, C) -> (B, n * C): after the necks, one part after the other."""
    return torch.cat(list(necked), dim=1)


def pooled_in_order(pooled: Sequence[Tensor], _: Sequence[Tensor]) -> Tensor:
    """n of (B, C) -> (B, n * C): before the necks, one part after the other."""
    return torch.cat(list(pooled), dim=1)


def by_channel(vectors: Sequence[Tensor]) -> Tensor:
    """n of (B, C) -> (B, C * n): each scaled to length 1, the parts of one channel beside each other."""
    unit = [nn.functional.normalize(vector, dim=1) for vector in vectors]
    return rearrange(unit, "n b c -> b (c n)")
