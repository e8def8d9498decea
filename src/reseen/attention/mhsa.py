"""Multi-head self-attention over the positions of a map, with learned row and column positions.

The layer of Bottleneck Transformers (Srinivas et al., 2021, Fig. 4) as in the released code of MBR-4B and of its
baseline: the learned position of i is multiplied with the query of j, and no product is scaled.
B = batch, C = channels, H, W = height and width of the map, N = H * W positions, D = C / heads.
"""

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn.functional import interpolate, scaled_dot_product_attention

from reseen.attention.resize import refuse_other_map
from reseen.bounds import Count
from reseen.errors import ReseenError
from reseen.types import FeatureMap


class PositionedSelfAttention(nn.Module):
    """out_i = sum over j of softmax_j(q_i . k_j + p_i . q_j) v_j in each head, p_i = row + column of i.

    q, k, v are 1 x 1 convolutions with bias. Srinivas et al. write q_i . p where this has p_i . q_j. The released
    weights were trained with p_i . q_j.
    """

    def __init__(self, feature_map: FeatureMap, *, heads: int) -> None:
        super().__init__()
        channels, height, width = feature_map
        self.heads = heads
        self.feature_map = feature_map
        self.query = nn.Conv2d(channels, channels, 1)
        self.key = nn.Conv2d(channels, channels, 1)
        self.value = nn.Conv2d(channels, channels, 1)
        self.rows = nn.Parameter(torch.randn(heads, channels // heads, height))
        self.columns = nn.Parameter(torch.randn(heads, channels // heads, width))

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W). Raises ReseenError if the map has another shape than ``feature_map``."""
        refuse_other_map(maps, self.feature_map)
        _, height, width = self.feature_map
        query, key, value = (self._by_head(part(maps)) for part in (self.query, self.key, self.value))
        positions = self._positions().to(query.dtype).expand_as(query)
        # q_i . k_j + p_i . q_j is one product of vectors twice as long, so the N x N sum is never in memory.
        mixed = scaled_dot_product_attention(
            torch.cat([query, positions], dim=-1), torch.cat([key, query], dim=-1), value, scale=1.0
        )
        return rearrange(mixed, "b heads (h w) d -> b (heads d) h w", h=height, w=width)

    def weights(self, maps: Tensor, *, position: tuple[int, int] | None = None) -> Tensor:
        """(B, C, H, W) -> (B, heads, H, W): the weights that a position (row, column) gives to all positions.

        The weights of a head add up to 1. Without a position, the mean over all of them.
        """
        refuse_other_map(maps, self.feature_map)
        _, height, width = self.feature_map
        query, key = self._by_head(self.query(maps)), self._by_head(self.key(maps))
        first = 0 if position is None else position[0] * width + position[1]
        looking = slice(first, height * width if position is None else first + 1)
        places = self._positions().to(query.dtype)[:, looking]
        logits = torch.einsum("bhid,bhjd->bhij", query[:, :, looking], key)
        logits = logits + torch.einsum("hid,bhjd->bhij", places, query)
        return rearrange(logits.softmax(dim=3).mean(dim=2), "b heads (h w) -> b heads h w", h=height)

    def resize_to(self, feature_map: FeatureMap) -> None:
        """Resize in place to this height and width; row and column positions are interpolated linearly."""
        if feature_map.channels != self.feature_map.channels:
            raise ReseenError(
                f"attention for {self.feature_map.channels} channels cannot be resized to {feature_map.channels}"
            )
        _, height, width = feature_map
        with torch.no_grad():
            self.rows = nn.Parameter(interpolate(self.rows, size=height, mode="linear"))
            self.columns = nn.Parameter(interpolate(self.columns, size=width, mode="linear"))
        self.feature_map = feature_map

    def _by_head(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, heads, N, D)."""
        return rearrange(maps, "b (heads d) h w -> b heads (h w) d", heads=self.heads)

    def _positions(self) -> Tensor:
        """-> (heads, N, D)."""
        both = rearrange(self.rows, "a d h -> a h 1 d") + rearrange(self.columns, "a d w -> a 1 w d")
        return rearrange(both, "a h w d -> a (h w) d")


def mhsa(feature_map: FeatureMap, *, heads: Count = 4) -> nn.Module:
    """Self-attention with ``heads`` heads. Raises ReseenError if the channels cannot be divided among them."""
    if feature_map.channels % heads:
        raise ReseenError(f"mhsa: {heads} heads do not divide {feature_map.channels} channels")
    return PositionedSelfAttention(feature_map, heads=heads)
