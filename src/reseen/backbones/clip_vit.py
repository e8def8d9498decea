"""The family of CLIP's ViT-B/16 as CLIP-ReID has it: overlapping patches, and cameras and views on the class token.

Radford et al., 2021; Li et al., "CLIP-ReID: Exploiting Vision-Language Model for Image Re-Identification without
Concrete Text Labels", AAAI 2023. B = batch, N = patches, D = 768.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Literal, NamedTuple

import torch
from timm.layers.pos_embed import resample_abs_pos_embed
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from reseen.backbones.clip_names import encoder_of, vit_tensors
from reseen.backbones.family import Family
from reseen.backbones.overlapping import OverlappingPatches
from reseen.backbones.probe import CANNOT_RUN, cannot_take
from reseen.backbones.side_backbone import SideBackbone
from reseen.backbones.side_embedding import SideEmbedding, Unknown
from reseen.backbones.timm_body import timm_body, timm_normalisation
from reseen.bounds import Count, NotNegative, Triple

NAME = "clip_vit_b16"
WIDTH, PATCH = 768, 16
TIMM = "vit_base_patch16_clip_quickgelu_224.openai"
"""timm's name of the same network and of its published weights."""


class LastTokens(NamedTuple):
    """Tokens (B, 1 + N, D), the class token first: ``before`` the last block, and ``after`` it and the last norm."""

    before: Tensor
    after: Tensor


class ClipTransformer(VisionTransformer):
    """timm's ViT with CLIP's norms and activation; ``side`` is added to the class token before the positions are."""

    def __init__(self, *, image_size: tuple[int, int], stride: int, blocks: int, side: SideEmbedding | None) -> None:
        super().__init__(
            img_size=image_size,
            patch_size=PATCH,
            embed_dim=WIDTH,
            depth=blocks,
            num_heads=WIDTH // 64,
            num_classes=0,
            pre_norm=True,
            norm_layer=partial(nn.LayerNorm, eps=1e-5),
            act_layer="quick_gelu",
            embed_layer=partial(OverlappingPatches, stride=stride),
        )
        self.side = side

    def forward_features(  # type: ignore[override]  # timm's takes a mask
        self, images: Tensor, cameras: Tensor | None = None, views: Tensor | None = None
    ) -> Tensor:
        """(B, 3, H, W), (B,), (B,) -> the last tokens, (B, 1 + N, D)."""
        return self.last_tokens(images, cameras, views).after

    def last_tokens(self, images: Tensor, cameras: Tensor | None = None, views: Tensor | None = None) -> LastTokens:
        """(B, 3, H, W), (B,), (B,) -> the tokens before and after the last block."""
        tokens = self.norm_pre(self._with_positions(self.patch_embed(images), cameras, views))
        for block in self.blocks[:-1]:
            tokens = block(tokens)
        return LastTokens(tokens, self.norm(self.blocks[-1](tokens)))

    def _with_positions(self, patches: Tensor, cameras: Tensor | None, views: Tensor | None) -> Tensor:
        """(B, N, D) -> (B, 1 + N, D)."""
        first, positions = self.cls_token, self.pos_embed
        assert first is not None, "CLIP's ViT has a class token"
        assert positions is not None, "and positions"
        token: Tensor = first if self.side is None else first + self.side(cameras, views)[:, None]
        return torch.cat([token.expand(patches.shape[0], -1, -1), patches], dim=1) + positions


class ClipViT(SideBackbone):
    """The ViT with its class token within reach: its map is that of the patches after the last norm."""

    body: ClipTransformer
    head_start: Mapping[str, Tensor] = {}
    """Of start weights: what the head `clip` begins with."""

    def last_tokens(self, images: Tensor, cameras: Tensor | None = None, views: Tensor | None = None) -> LastTokens:
        """(B, 3, H, W) normalised -> the tokens before and after the last block, the class token first."""
        return self.body.last_tokens(images, cameras, views)

    def start_tensors(self, tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """CLIP's image encoder by our names, its positions resampled; other files as they are."""
        encoder = encoder_of(tensors)
        if "class_embedding" not in encoder:
            return tensors
        renamed = vit_tensors(encoder)
        self.head_start = renamed.head
        return renamed.body | {
            "pos_embed": positions_for(renamed.body["pos_embed"], grid=self.body.patch_embed.grid_size)
        }

    def set_input_size(self, image_size: tuple[int, int]) -> None:
        """Take images of another (height, width), in place, the positional embedding resampled."""
        try:
            self.body.set_input_size(image_size)
        except CANNOT_RUN as error:
            raise cannot_take(self.body, image_size, error) from error
        self.image_size = image_size
        self._tokens = self.body.patch_embed.grid_size


def positions_for(positions: Tensor, *, grid: tuple[int, int], source: tuple[int, int] | None = None) -> Tensor:
    """(1, 1 + N, D) -> (1, 1 + N', D) for a grid of N' patches; ``source``: the grid of N, None where it is square."""
    resampled: Tensor = resample_abs_pos_embed(positions, new_size=list(grid), old_size=source and list(source))
    return resampled


def clip_vit(
    *,
    image_size: tuple[int, int],
    pretrained: bool,
    camera_names: tuple[str, ...],
    view_names: tuple[str, ...],
    stride: Literal[12, 16] = 16,
    coefficient: NotNegative | None = None,
    unknown: Unknown = "off",
    blocks: Count = 12,
) -> nn.Module:
    """CLIP's ViT-B/16; ``pretrained``: with the published weights, in timm's copy.

    ``stride``: of the patches, in pixels; 12 makes them overlap. ``coefficient``: of the learned embedding of cameras
    and views; None for a network without one. ``unknown``: what stands for a camera or a view that is not known,
    nothing ("off") or the mean over those that are ("mean").
    """
    side = None
    if coefficient is not None and (camera_names or view_names):
        counts = {"cameras": len(camera_names), "views": len(view_names)}
        side = SideEmbedding(**counts, width=WIDTH, coefficient=coefficient, unknown=unknown)
    try:
        body = ClipTransformer(image_size=image_size, stride=stride, blocks=blocks, side=side)
    except CANNOT_RUN as error:
        raise cannot_take(nn.Module(), image_size, error) from error
    if pretrained:
        _load_published(body)
    return body


def _load_published(body: ClipTransformer) -> None:
    published: dict[str, Any] = timm_body(TIMM, image_size=(224, 224), pretrained=True).state_dict()
    published["pos_embed"] = positions_for(published["pos_embed"], grid=body.patch_embed.grid_size)
    body.load_state_dict(
        {name: published[name] for name in body.state_dict() if not name.startswith("side.")}, strict=False
    )


def clip_normalisation(name: str, source: str) -> tuple[Triple, Triple] | None:
    """CLIP's own mean and std, of the published weights."""
    del name
    return timm_normalisation(TIMM, source)


CLIP_VIT = Family(
    "CLIP ViT", build=clip_vit, owns=NAME.__eq__, backbone=ClipViT, slots=(), normalisation=clip_normalisation
)
