"""TransReID's ViT: patches that may overlap, a class token, positions, and side information added to every token.

He et al., "TransReID: Transformer-based Object Re-Identification", ICCV 2021. B = batch, N = patches, D = width.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from einops import rearrange
from timm.layers.pos_embed import resample_abs_pos_embed
from timm.models.vision_transformer import Block
from torch import Tensor, nn

from reseen.backbones.side_table import SideTable

PATCH = 16
"""The side of a patch in pixels."""
LayerNorm = partial(nn.LayerNorm, eps=1e-6)


class Architecture(NamedTuple):
    """The size of a ViT. ``scale``: of the products of queries and keys; None: of 1 / sqrt(D / heads)."""

    width: int = 768
    depth: int = 12
    heads: int = 12
    mlp_ratio: float = 4.0
    qkv_bias: bool = True
    scale: float | None = None


class TransReIDViT(nn.Module):
    """(B, 3, H, W) normalised -> tokens (B, 1 + N, D) after the last norm, the class token first.

    The names of its tensors are timm's of a ViT, so that ImageNet weights fit but for the number of positions.

    Args:
        architecture: Its size.
        image_size: (height, width) in pixels.
        stride: Of the patches in pixels; below 16 they overlap.
        side: The rows of cameras and views; None for none.
        coefficient: What rows are multiplied by.
        drop_path: How often the last block is left out in training; the first never is.
    """

    num_prefix_tokens = 1

    def __init__(
        self,
        architecture: Architecture,
        *,
        image_size: tuple[int, int],
        stride: int,
        side: SideTable | None,
        coefficient: float,
        drop_path: float,
    ) -> None:
        super().__init__()
        width, depth = architecture.width, architecture.depth
        self.stride, self.coefficient = stride, coefficient
        self.grid = grid_of(image_size, stride)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + self.grid[0] * self.grid[1], width))
        self.side = side
        self.patch_embed = Patches(width, stride=stride)
        rates = torch.linspace(0, drop_path, depth, device="cpu").tolist()
        self.blocks = nn.Sequential(*(_block(architecture, drop_path=rate) for rate in rates))
        self.norm = LayerNorm(width)
        self._start()

    def forward(self, images: Tensor, cameras: Tensor | None = None, views: Tensor | None = None) -> Tensor:
        """(B, 3, H, W), (B,), (B,) -> (B, 1 + N, D)."""
        patches = self.patch_embed(images)
        tokens = torch.cat([self.cls_token.expand(images.shape[0], -1, -1), patches], dim=1) + self.pos_embed
        if self.side is not None:
            rows = self.side(cameras, views, batch=images.shape[0])
            tokens = tokens + self.coefficient * rows[:, None]
        return self.norm(self.blocks(tokens))  # type: ignore[no-any-return]

    def set_input_size(self, image_size: tuple[int, int]) -> None:
        """Take images of another (height, width) from now on, in place: the positions are resampled bilinearly."""
        before, self.grid = self.grid, grid_of(image_size, self.stride)
        if self.grid != before:
            positions = resampled_positions(self.pos_embed.data, source=before, target=self.grid)
            self.pos_embed = nn.Parameter(positions, requires_grad=self.pos_embed.requires_grad)

    def group_matcher(self, *, coarse: bool = False) -> dict[str, Any]:
        """Which tensors form a layer, in timm's way: ``training.layer_decay`` asks."""
        del coarse
        return {
            "stem": r"^cls_token|^pos_embed|^patch_embed|^side",
            "blocks": [(r"^blocks\.(\d+)", None), (r"^norm", (99999,))],
        }

    def _start(self) -> None:
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        nn.init.trunc_normal_(self.pos_embed, std=0.02)
        for part in self.modules():
            if isinstance(part, nn.Linear):
                nn.init.trunc_normal_(part.weight, std=0.02)
                if part.bias is not None:
                    nn.init.zeros_(part.bias)


class Patches(nn.Module):
    """(B, 3, H, W) -> (B, N, D): a convolution over squares of 16 pixels."""

    def __init__(self, width: int, *, stride: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, width, kernel_size=PATCH, stride=stride)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, N, D)."""
        maps: Tensor = self.proj(images)
        return rearrange(maps, "b d h w -> b (h w) d")


class Scaled(nn.Module):
    """Queries times a constant."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, queries: Tensor) -> Tensor:
        """Of any shape."""
        return self.factor * queries


def grid_of(image_size: tuple[int, int], stride: int) -> tuple[int, int]:
    """(height, width) in pixels -> (rows, columns) of patches; rows or columns below 1 where a patch does not fit."""
    height, width = image_size
    return (height - PATCH) // stride + 1, (width - PATCH) // stride + 1


def resampled_positions(positions: Tensor, *, source: Sequence[int], target: Sequence[int]) -> Tensor:
    """(1, 1 + h * w, D) -> (1, 1 + h' * w', D): bilinearly, as the release carries ImageNet's."""
    moved: Tensor = resample_abs_pos_embed(
        positions, new_size=list(target), old_size=list(source), interpolation="bilinear", antialias=False
    )
    return moved


def _block(architecture: Architecture, *, drop_path: float) -> Block:
    width, heads = architecture.width, architecture.heads
    block = Block(
        width,
        heads,
        mlp_ratio=architecture.mlp_ratio,
        qkv_bias=architecture.qkv_bias,
        drop_path=drop_path,
        norm_layer=LayerNorm,  # type: ignore[arg-type]  # timm's own ViTs hand it a partial too
    )
    if architecture.scale is not None:
        block.attn.q_norm = Scaled(architecture.scale * (width // heads) ** 0.5)
    return block
