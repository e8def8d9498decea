"""A network of tokens, explained as one of maps: its blocks, and the patches that enter the last one's attention.

B = images, P = class and register tokens, C = width of a token, h, w = rows and columns of patches, H, W = pixels.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn.functional import conv_transpose2d, pad

from reseen.backbones import Backbone
from reseen.explain.maps.attention_weights import ALL_TO_ALL
from reseen.models.heads.jpm import Jigsaw


def token_blocks(backbone: Backbone) -> tuple[nn.Module, ...]:
    """The blocks that tokens pass, in order; those that a head has taken are left out. None in a network of maps."""
    blocks = getattr(backbone.body, "blocks", None)
    if backbone.token_grid is None or not isinstance(blocks, nn.Sequential | nn.ModuleList):
        return ()
    return tuple(block for block in blocks if not isinstance(block, nn.Identity))


def attention_blocks(model: nn.Module) -> tuple[nn.Module, ...]:
    """The attention of a ViT's blocks, in order; none unless each block has one that relates all tokens.

    JPM's two last ones, of the whole and of the parts, stand last.
    """
    backbone = getattr(model, "backbone", None)
    blocks = [*token_blocks(backbone)] if isinstance(backbone, Backbone) else []
    jigsaw = jigsaw_of(model)
    if jigsaw is not None:
        blocks += [jigsaw.whole[0], jigsaw.part[0]]
    attention = tuple(getattr(block, "attn", nn.Identity()) for block in blocks)
    return attention if all(isinstance(module, ALL_TO_ALL) for module in attention) else ()


def last_attention(model: nn.Module) -> nn.Module | None:
    """The attention of the last block, of JPM that of the whole; None if there is none that relates all tokens."""
    blocks = attention_blocks(model)
    if not blocks:
        return None
    return blocks[-1] if jigsaw_of(model) is None else blocks[-2]


def jigsaw_of(model: nn.Module) -> Any:
    """The head's `Jigsaw`, whose two last blocks stand outside the backbone; None for another head."""
    parts = getattr(model, "parts", None)
    return parts if isinstance(parts, Jigsaw) else None


def placed_pieces(jigsaw: Jigsaw, rows: Tensor, *, patches: int) -> Tensor:
    """(parts * B, 1 + n) of the parts' own tokens -> (B, parts, 1 + h * w): each value at the token it came from."""
    numbers = torch.arange(1, 1 + patches, device=rows.device)
    came_from = jigsaw.pieces(numbers[None, :, None])[..., 0]
    by_part = rearrange(rows, "(p b) n -> b p n", p=jigsaw.parts)
    placed = rows.new_zeros(*by_part.shape[:2], 1 + patches)
    placed[..., 0] = by_part[..., 0]
    return placed.scatter_add(2, came_from.expand(len(by_part), -1, -1), by_part[..., 1:])


@contextmanager
def entering_map(attention: nn.Module, grid: tuple[int, int]) -> Iterator[nn.Module]:
    """A module whose output is the map (B, C, h, w) of the patches that enter ``attention``, within the block.

    What enters has passed the block's norm: before it, gradient times activation is zero for every patch, since the
    norm takes no notice of a token's length. The network's numbers stay the same bits.
    """
    point = nn.Identity()

    def through_point(_module: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        tokens, *rest = inputs
        prefix = tokens.shape[1] - grid[0] * grid[1]
        maps = point(rearrange(tokens[:, prefix:], "b (h w) c -> b c h w", h=grid[0]))
        return torch.cat([tokens[:, :prefix], rearrange(maps, "b c h w -> b (h w) c")], dim=1), *rest

    hook = attention.register_forward_pre_hook(through_point)
    try:
        yield point
    finally:
        hook.remove()


def over_image(values: Tensor, backbone: Backbone) -> Tensor:
    """(B, h, w) of patches -> the same where patches tile the image, else (B, H, W).

    Where patches overlap or leave a strip at the end uncovered, a pixel has the mean of the patches that cover it, and
    0 if none does: drawn as if they tiled, they would be drawn where they are not.
    """
    cut = getattr(getattr(backbone.body, "patch_embed", None), "proj", None)
    if not isinstance(cut, nn.Conv2d) or cut.padding != (0, 0):
        return values
    size, kernel, stride = backbone.image_size, cut.kernel_size, cut.stride
    left = [pixels - side for pixels, side in zip(size, kernel, strict=True)]
    grid = tuple(free // step + 1 for free, step in zip(left, stride, strict=True))
    tiled = kernel == stride and all(free % step == 0 for free, step in zip(left, stride, strict=True))
    if tiled or grid != tuple(values.shape[1:]):
        return values
    squares = values.new_ones(1, 1, *kernel)
    total, covering = (
        conv_transpose2d(each[:, None], squares, stride=list(stride))[:, 0]
        for each in (values, torch.ones_like(values))
    )
    means = total / covering.clamp(min=1)
    return pad(means, (0, size[1] - means.shape[2], 0, size[0] - means.shape[1]))
