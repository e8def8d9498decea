"""A joint colour histogram as a model: the baseline that says how much of a data set is colour alone.

B = batch, S = stripes, K = colour bins.
"""

import torch
from einops import rearrange
from torch import Tensor, nn

from reseen.types import Output

GREY = 0.1
"""Saturation below which a hue is noise."""


class ColourHistogram(nn.Module):
    """Joint histogram over hue, saturation and value, square-rooted and of unit length (Hellinger kernel).

    Pixels without colour (saturation below ``GREY``) are counted by value alone, since their hue is noise.
    The cosine of two such vectors is the Bhattacharyya coefficient of the histograms. ``stripes`` horizontal
    bands are described one by one, which keeps shirt and trousers apart.
    """

    def __init__(self, *, hues: int = 12, saturations: int = 3, values: int = 4, stripes: int = 1) -> None:
        super().__init__()
        self.hues, self.saturations, self.values = hues, saturations, values
        self.stripes = stripes

    @property
    def width(self) -> int:
        """The number of bins over all stripes."""
        return self.stripes * self._bins

    @property
    def _bins(self) -> int:
        return self.values * (self.hues * self.saturations + 1)

    @torch.no_grad()
    def forward(
        self,
        images: Tensor,
        cameras: Tensor | None = None,  # noqa: ARG002 - one signature for all models
        views: Tensor | None = None,  # noqa: ARG002
    ) -> Output:
        """(B, 3, H, W) RGB in [0, 1], not normalised -> Output with embedding (B, S * K) of unit length."""
        bins = self._bin_of(*hue_saturation_value(images.clamp(0, 1)))
        stripe = torch.arange(images.shape[2], device=images.device) * self.stripes // images.shape[2]
        image = torch.arange(len(images), device=images.device)
        row = rearrange(image, "b -> b 1 1") * self.stripes + rearrange(stripe, "h -> h 1")
        counts = torch.bincount((row * self._bins + bins).flatten(), minlength=len(images) * self.width)
        shares = rearrange(counts, "(b k) -> b k", b=len(images)).to(images.dtype)
        vectors = nn.functional.normalize(shares.sqrt(), dim=1)
        return Output(embedding=vectors, pooled=(vectors,), necked=(vectors,), logits=())

    def _bin_of(self, hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
        """Three (B, H, W) in [0, 1] -> the bin's number (B, H, W)."""
        shade = (saturation - GREY) / (1 - GREY)
        colour = _step(hue, self.hues) * self.saturations + _step(shade, self.saturations)
        colour = torch.where(saturation < GREY, self.hues * self.saturations, colour)
        return colour * self.values + _step(value, self.values)


def hue_saturation_value(images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(B, 3, H, W) RGB in [0, 1] -> hue (a turn is 1), saturation and value, each (B, H, W) in [0, 1]."""
    red, green, blue = images.unbind(dim=1)
    value, brightest = images.max(dim=1)
    chroma = value - images.amin(dim=1)
    safe = chroma.clamp(min=torch.finfo(images.dtype).tiny)
    sixths = torch.stack([(green - blue) / safe, (blue - red) / safe + 2, (red - green) / safe + 4], dim=1)
    hue = sixths.gather(1, rearrange(brightest, "b h w -> b 1 h w")).squeeze(1)
    return (hue / 6).remainder(1), chroma / value.clamp(min=torch.finfo(images.dtype).tiny), value


def _step(share: Tensor, steps: int) -> Tensor:
    return (share * steps).long().clamp(0, steps - 1)
