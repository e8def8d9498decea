"""CLIP's attention pooling: a map's mean asks, and its positions and the mean itself answer.

Radford et al., 2021, section 2.4. B = batch, C = channels, N = H * W positions, D = width of the vector.
"""

from math import isqrt

import torch
from einops import rearrange
from torch import Tensor, nn

from reseen.attention.resize import refuse_other_map
from reseen.types import FeatureMap


class AttentionPool(nn.Module):
    """(B, C, H, W) -> (B, D), with a learned position for the mean and for each position of ``feature_map``."""

    def __init__(self, feature_map: FeatureMap, *, width: int, heads: int) -> None:
        super().__init__()
        channels, rows, columns = self.feature_map = feature_map
        self.heads = heads
        self.positional_embedding = nn.Parameter(torch.randn(1 + rows * columns, channels) / channels**0.5)
        self.q_proj, self.k_proj, self.v_proj = (nn.Linear(channels, channels) for _ in range(3))
        self.c_proj = nn.Linear(channels, width)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, D)."""
        refuse_other_map(maps, self.feature_map)
        positions = rearrange(maps, "b c h w -> b (h w) c")
        tokens = torch.cat([positions.mean(dim=1, keepdim=True), positions], dim=1) + self.positional_embedding
        query, key, value = (
            rearrange(project(part), "b n (heads c) -> b heads n c", heads=self.heads)
            for project, part in ((self.q_proj, tokens[:, :1]), (self.k_proj, tokens), (self.v_proj, tokens))
        )
        pooled = nn.functional.scaled_dot_product_attention(query, key, value)
        vector: Tensor = self.c_proj(rearrange(pooled, "b heads 1 c -> b (heads c)"))
        return vector

    def resize_to(self, feature_map: FeatureMap) -> None:
        """Resample the positions to another height and width, in place; that of the mean stays."""
        positions = _resampled(self.positional_embedding, self.feature_map[1:], feature_map[1:])
        self.positional_embedding = nn.Parameter(positions.detach())
        self.feature_map = feature_map

    def for_own_map(self, positions: Tensor) -> Tensor:
        """(1 + M, C) of a square map -> (1 + N, C) of this one's; that of the mean stays.

        Raises ValueError for positions of a map that is not square.
        """
        side = isqrt(len(positions) - 1)
        if side * side != len(positions) - 1:
            raise ValueError(f"expected positions of a square map and one for their mean, got {len(positions)}")
        return _resampled(positions.float(), (side, side), self.feature_map[1:])


def _resampled(positions: Tensor, source: tuple[int, int], target: tuple[int, int]) -> Tensor:
    """(1 + h w, C) -> (1 + h' w', C), the first one as it is."""
    mean, rest = positions[:1], positions[1:]
    grid = rearrange(rest, "(h w) c -> 1 c h w", h=source[0], w=source[1])
    grid = nn.functional.interpolate(grid, size=target, mode="bicubic", align_corners=False)
    return torch.cat([mean, rearrange(grid, "1 c h w -> (h w) c")])
