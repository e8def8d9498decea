"""Hybrid channel attention (HCA): channel weights from the whole feature map and from each of its regions.

The mixed local channel attention of Wan et al., 2023, as LKA-ReID uses it (section II.C, eq. 4).
B = batch, C = channels, H, W = height and width of the map, G = rows and columns of the grid of regions.
"""

from math import log2

from einops import rearrange
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from reseen.attention.start import Start
from reseen.bounds import Count, Positive
from reseen.types import FeatureMap


class HybridChannelAttention(nn.Module):
    """Multiplies each feature by a weight: the mean of the weight of its channel and that of its channel in its region.

    Both weights are sigmoids of one-dimensional convolutions over channels, with ``taps`` weights and no bias: one over
    the mean of the whole map, one over the means of the regions. The second runs over one sequence of all G * G * C
    values, region by region in raster order, channels fastest. At a region's first and last channels it therefore
    includes values of the neighbouring regions, as in the public code of Wan et al.
    With a neutral ``start``, both convolutions begin at 0, so that the output is half the input.
    """

    def __init__(self, *, taps: int, grid: int, start: Start = "random") -> None:
        super().__init__()
        self.grid = grid
        self.whole = nn.Conv1d(1, 1, taps, padding=taps // 2, bias=False)
        self.regions = nn.Conv1d(1, 1, taps, padding=taps // 2, bias=False)
        if start == "neutral":
            nn.init.zeros_(self.whole.weight)
            nn.init.zeros_(self.regions.weight)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        return maps * self.weights(maps)

    def weights(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W) in 0..1: the weight of each feature."""
        grid = self.grid
        pooled = adaptive_avg_pool2d(maps, grid)
        mean = rearrange(pooled.mean(dim=(2, 3)), "b c -> b 1 c")
        whole = rearrange(self.whole(mean).sigmoid(), "b 1 c -> b c 1 1")
        sequence = rearrange(pooled, "b c h w -> b 1 (h w c)")
        regions = rearrange(self.regions(sequence).sigmoid(), "b 1 (h w c) -> b c h w", h=grid, w=grid)
        height, width = maps.shape[-2:]
        return adaptive_avg_pool2d((whole + regions) / 2, (height, width))


def hca(
    feature_map: FeatureMap,
    *,
    grid: Count = 5,
    gamma: Positive = 2.0,
    b: float = 2.0,
    start: Start = "random",
) -> nn.Module:
    """Hybrid channel attention on ``grid`` x ``grid`` regions; ``gamma`` and ``b`` set the number of taps (eq. 4)."""
    taps = taps_for(feature_map.channels, gamma=gamma, b=b)
    return HybridChannelAttention(taps=taps, grid=grid, start=start)


def taps_for(channels: int, *, gamma: float = 2.0, b: float = 2.0) -> int:
    """The taps for C channels: |log2(C) / gamma + b / gamma| rounded down, plus 1 if that is even (eq. 4).

    >>> taps_for(512)
    5
    """
    taps = int(abs((log2(channels) + b) / gamma))
    return taps if taps % 2 else taps + 1
