"""CLIP's attention pooling: a map's mean asks, and its positions and the mean itself answer.

Radford et al., 2021, section 2.4. B = batch, C = channels, N = H * W positions, D = width of the vector.
"""

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
        mean, rest = self.positional_embedding[:1], self.positional_embedding[1:]
        _, rows, columns = self.feature_map
        grid = rearrange(rest, "(h w) c -> 1 c h w", h=rows, w=columns)
        grid = nn.functional.interpolate(grid, size=feature_map[1:], mode="bicubic", align_corners=False)
        positions = torch.cat([mean, rearrange(grid, "1 c h w -> (h w) c")]).detach()
        self.positional_embedding = nn.Parameter(positions)
        self.feature_map = feature_map
