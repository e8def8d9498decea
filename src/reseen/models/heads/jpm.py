"""JPM, TransReID's jigsaw patch module: the last block sees all patches, and a copy of it shuffled quarters of them.

He et al., "TransReID: Transformer-based Object Re-Identification", ICCV 2021, section 3.3. B = batch, N = patches,
C = width of the tokens.
"""

from collections.abc import Sequence
from copy import deepcopy

import torch
from einops import rearrange, repeat
from torch import Tensor, nn

from reseen.backbones import Backbone
from reseen.backbones.transreid import TransReIDBackbone
from reseen.bounds import Count
from reseen.errors import ReseenError
from reseen.models.heads.part_embedder import PartEmbedder
from reseen.models.neck import BNNeck, identity_classifier


class Jigsaw(nn.Module):
    """Tokens -> class tokens: of the last block on all of them, then of its copy on parts of the shuffled patches."""

    def __init__(self, last: nn.Module, *, parts: int, shift: int, groups: int) -> None:
        super().__init__()
        self.whole, self.part = last, deepcopy(last)
        self.parts, self.shift, self.groups = parts, shift, groups

    def forward(
        self, backbone: Backbone, images: Tensor, *, cameras: Tensor | None, views: Tensor | None
    ) -> tuple[Tensor, ...]:
        """(B, 3, H, W), (B,), (B,) -> 1 + parts of (B, C)."""
        tokens = backbone.tokens(images, cameras, views)
        pieces = self.pieces(tokens[:, 1:])
        first = repeat(tokens[:, :1], "b 1 c -> (p b) 1 c", p=self.parts)
        seen = self.part(torch.cat([first, pieces], dim=1))[:, 0]
        return self.whole(tokens)[:, 0], *rearrange(seen, "(p b) c -> p b c", p=self.parts)

    def pieces(self, patches: Tensor) -> Tensor:
        """(B, N, C) -> (parts * B, N // parts, C): the shuffled patches, one part after the other."""
        length = patches.shape[1] // self.parts
        dealt = shuffled(patches, shift=self.shift, groups=self.groups)[:, : self.parts * length]
        return rearrange(dealt, "b (p n) c -> (p b) n c", p=self.parts)


def shuffled(patches: Tensor, *, shift: int, groups: int) -> Tensor:
    """(B, N, C) -> (B, N', C), N' the next number that the groups divide: moved, then dealt out by turns.

    The patches move by ``shift - 1``, for the paper counts the class token, which it drops. Then the groups' patches
    take turns: 0, N' / 2, 1, N' / 2 + 1, ... for two. Where N does not divide, the last patch is repeated; the release
    repeats its last but one, and no part of its four reaches it.
    """
    moved = torch.cat([patches[:, shift - 1 :], patches[:, : shift - 1]], dim=1)
    lacking = -moved.shape[1] % groups
    moved = torch.cat([moved, moved[:, -1:].expand(-1, lacking, -1)], dim=1)
    return rearrange(moved, "b (g n) c -> b (n g) c", g=groups)


def jpm(
    *,
    backbone: Backbone,
    num_identities: int | None,
    parts: Count = 4,
    shift: Count = 5,
    groups: Count = 2,
) -> PartEmbedder:
    """The last block, and a copy of it for shuffled parts; ``shift`` is 5 for persons, 8 for vehicles in the release.

    Retrieval compares what enters the BNNecks, the parts' vectors divided by their number.

    Raises ReseenError for a backbone of another family than TransReID, and fewer patches than parts or than the shift.
    """
    if not isinstance(backbone, TransReIDBackbone):
        raise ReseenError(
            f"jpm: expected a backbone of TransReID (transreid_vit_base, ...), got {type(backbone.body).__name__}"
        )
    channels, height, width = backbone.feature_map
    if height * width < parts:
        raise ReseenError(f"jpm: expected at least {parts} patches for {parts} parts, got {height} x {width}")
    if shift > height * width:
        raise ReseenError(f"jpm: expected a shift of at most the {height} x {width} patches, got {shift}")
    trunk, last = backbone.split_last_block()
    count = 1 + parts
    classifiers = (
        [] if num_identities is None else [identity_classifier(channels, num_identities) for _ in range(count)]
    )
    return PartEmbedder(
        trunk,
        Jigsaw(last, parts=parts, shift=shift, groups=groups),
        necks=[BNNeck(channels) for _ in range(count)],
        classifiers=classifiers,
        width=count * channels,
        channels=channels,
        join=_whole_and_parts,
    )


def _whole_and_parts(pooled: Sequence[Tensor], _: Sequence[Tensor]) -> Tensor:
    """1 + n of (B, C) -> (B, (1 + n) * C)."""
    whole, *parts = pooled
    return torch.cat([whole, *(part / len(parts) for part in parts)], dim=1)
