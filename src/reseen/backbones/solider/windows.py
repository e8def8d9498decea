"""Self-attention within windows of a map, every second time shifted, as mmcv lays it out (Liu et al., ICCV 2021).

B = batch, h, w = positions of the map, C = channels, s = side of a window, N = s * s, n = windows, d = channels a head.
"""

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn.functional import pad

WINDOW = 7
HEAD_CHANNELS = 32
_APART = -100.0
"""Added to the scores of two positions that only the shift has brought into one window."""


class WindowAttention(nn.Module):
    """Attention among the N positions of a window, with a learned bias for each relative position and head."""

    index: Tensor

    def __init__(self, channels: int, *, side: int = WINDOW) -> None:
        super().__init__()
        self.heads = channels // HEAD_CHANNELS
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * side - 1) ** 2, self.heads))
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)
        self.register_buffer("index", relative_positions(side), persistent=False)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)

    def forward(self, windows: Tensor, apart: Tensor | None) -> Tensor:
        """(B, n, N, C), (n, 1, N, N) added to the scores or None -> (B, n, N, C)."""
        query, key, value = rearrange(self.qkv(windows), "b n p (three m d) -> three b n m p d", three=3, m=self.heads)
        scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-2, -1)
        scores = scores + rearrange(self.relative_position_bias_table[self.index], "p q m -> m p q")
        shares = (scores if apart is None else scores + apart).softmax(dim=-1)
        attended: Tensor = self.proj(rearrange(shares @ value, "b n m p d -> b n p (m d)"))
        return attended


class ShiftedWindows(nn.Module):
    """A map cut into windows, each attended by itself.

    A map that windows do not fill is padded with zeros below and to the right. The shift stays where a map is smaller
    than a window, which other implementations leave out there.
    """

    def __init__(self, channels: int, *, side: int = WINDOW, shift: int = 0) -> None:
        super().__init__()
        self.side = side
        self.shift = shift
        self.w_msa = WindowAttention(channels, side=side)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, h, w, C) -> (B, h, w, C)."""
        side, (height, width) = self.side, maps.shape[1:3]
        padded = pad(maps, (0, 0, 0, -width % side, 0, -height % side))
        rows, columns = padded.shape[1] // side, padded.shape[2] // side
        rolled = padded.roll((-self.shift, -self.shift), dims=(1, 2))
        windows = rearrange(rolled, "b (r s) (c t) d -> b (r c) (s t) d", s=side, t=side)
        attended = self.w_msa(windows, self._apart(rows, columns).to(windows) if self.shift else None)
        whole = rearrange(attended, "b (r c) (s t) d -> b (r s) (c t) d", r=rows, s=side)
        back: Tensor = whole.roll((self.shift, self.shift), dims=(1, 2))
        return back[:, :height, :width]

    def _apart(self, rows: int, columns: int) -> Tensor:
        """(rows * columns, 1, N, N): below 0 where two positions of a window come from far sides of the map."""
        regions = 3 * self._regions(rows)[:, None] + self._regions(columns)
        windows = rearrange(regions, "(r s) (c t) -> (r c) (s t)", s=self.side, t=self.side)
        differ = rearrange(windows, "n p -> n 1 p 1") != rearrange(windows, "n p -> n 1 1 p")
        return _APART * differ.float()

    def _regions(self, windows: int) -> Tensor:
        """For each place along a side: 0 before the last window, 1 in it, 2 for what the shift brought round."""
        places = torch.arange(windows * self.side)
        return (places >= (windows - 1) * self.side).int() + (places >= windows * self.side - self.shift).int()


def relative_positions(side: int) -> Tensor:
    """(N, N): for two positions of a window, the row of the table of biases."""
    row, column = (axis.flatten() for axis in torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij"))
    down, right = (axis[:, None] - axis + side - 1 for axis in (row, column))
    return down * (2 * side - 1) + right
