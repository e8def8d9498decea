"""Attention roll-out: how much of each patch has come into a vector through all blocks of a ViT.

Abnar and Zuidema, "Quantifying Attention Flow in Transformers", ACL 2020: in each block a token keeps one half and
takes the other by attention, the mean over the heads; the product of these matrices says what is in the last tokens.
B = images, P = class and register tokens, N = P + h * w tokens, h, w = rows and columns of patches, k = rows asked for.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from einops import rearrange
from torch import Tensor, nn

from reseen.backbones import Backbone
from reseen.explain.maps.attention_weights import recorded_weights
from reseen.explain.maps.tokens import attention_blocks, jigsaw_of, over_image, placed_pieces

CLASS_TOKEN, PATCHES, HERE = "class token", "mean of patches", "from here"
"""The rows that are drawn: of the class token, the mean over those of the patches, and that of one patch."""


def rolled_out(weights: Sequence[Tensor], rows: Tensor) -> Tensor:
    """Of each block, first to last, (B, N, N); (B, k, N) of the last tokens -> (B, k, N) of the first ones.

    A row that sums to 1 goes on to do so.
    """
    for of_block in reversed(weights):
        rows = rows @ with_residual(of_block)
    return rows


def with_residual(weights: Tensor) -> Tensor:
    """(B, N, N) -> (B, N, N): what a block's tokens are made of, the token itself included; rows sum to 1."""
    mixed = weights + torch.eye(weights.shape[-1], device=weights.device)
    return mixed / mixed.sum(dim=-1, keepdim=True)


class TokenPass(NamedTuple):
    """What was seen of one pass: ``weights`` (B, N, N) by module; ``maps``, an entry if the map was asked for."""

    weights: Mapping[nn.Module, Tensor]
    maps: Sequence[Tensor]


@contextmanager
def watched_tokens(model: Any, blocks: Sequence[nn.Module]) -> Iterator[TokenPass]:
    """What `rollout_maps` needs of the pass that is made within the block."""
    maps: list[Tensor] = []
    hook = (
        model.backbone.register_forward_hook(lambda _module, _inputs, output: maps.append(output)) if blocks else None
    )
    try:
        with recorded_weights(blocks) as weights:
            yield TokenPass(weights, maps)
    finally:
        if hook is not None:
            hook.remove()


def rollout_maps(model: Any, seen: TokenPass, *, cell: tuple[int, int] | None) -> dict[str, Tensor]:
    """Name -> (B, h, w), or (B, H, W) as `over_image` says, the row that the embedding is made of first.

    That is the class token's where the head reads it (JPM's parts have their own), and the mean over the patches' where
    the map is pooled. A ``cell`` (row, column) puts the row of that patch before it.
    """
    backbone: Backbone = model.backbone
    grid = backbone.token_grid
    assert grid is not None, "only a network of tokens has such blocks"
    patches = grid[0] * grid[1]
    weights = [seen.weights[module] for module in attention_blocks(model)]
    jigsaw = jigsaw_of(model)
    of_parts = weights.pop() if jigsaw is not None else None
    named = _last_rows(weights[-1], patches, pooled=bool(seen.maps), body=backbone.body)
    if cell is not None:
        number = weights[-1].shape[-1] - patches + cell[0] * grid[1] + cell[1]
        named = {HERE: _unit(weights[-1], number), **named}
    rows = rolled_out(weights, torch.stack(list(named.values()), dim=1))
    names = list(named)
    if jigsaw is not None and of_parts is not None:
        parts = placed_pieces(jigsaw, with_residual(of_parts)[:, 0], patches=patches)
        rows = torch.cat([rows, rolled_out(weights[:-1], parts)], dim=1)
        names += [f"part {number}" for number in range(1, jigsaw.parts + 1)]
    maps = rearrange(rows[..., -patches:], "b k (h w) -> k b h w", h=grid[0])
    return {name: over_image(of_row, backbone) for name, of_row in zip(names, maps, strict=True)}


def _last_rows(weights: Tensor, patches: int, *, pooled: bool, body: Any) -> dict[str, Tensor]:
    """Name -> (B, N): shares of the last tokens that sum to 1."""
    named = {}
    if pooled:
        mean = torch.zeros_like(weights[:, 0])
        mean[:, -patches:] = 1 / patches
        named[PATCHES] = mean
    if getattr(body, "cls_token", None) is not None:
        named[CLASS_TOKEN] = _unit(weights, 0)
    return named


def _unit(weights: Tensor, number: int) -> Tensor:
    """(B, N) of zeros, with a one at the token of that number."""
    row = torch.zeros_like(weights[:, 0])
    row[:, number] = 1
    return row
