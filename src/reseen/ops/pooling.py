"""Pooling: one vector per feature map.

B = batch, C = channels, H, W = height and width of the map. The vectors are float32 (or float64) even when
the map is half precision, because bfloat16 has 8 significant bits, too few to rank a gallery.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor, nn

from reseen.bounds import Positive


def generalized_mean(maps: Tensor, *, p: float | Tensor, smallest: float = 1e-6) -> Tensor:
    """(B, C, H, W) -> (B, C): (mean over positions of max(x, smallest)^p)^(1/p).

    p = 1 is the mean of the positive values, p -> infinity the maximum (Radenovic et al., 2018, eq. 3).
    """
    return maps.to(_precise(maps)).clamp(min=smallest).pow(p).mean(dim=(2, 3)).pow(1 / p)


class AveragePool(nn.Module):
    """Mean over positions."""

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C)."""
        return maps.mean(dim=(2, 3), dtype=_precise(maps))


class MaxPool(nn.Module):
    """Maximum over positions."""

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C)."""
        return maps.amax(dim=(2, 3)).to(_precise(maps))


class GeneralizedMeanPool(nn.Module):
    """Generalized mean over positions, with one exponent for all channels, ``learned`` or fixed."""

    def __init__(self, *, p: float = 3.0, learned: bool = True) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.tensor(p)) if learned else p

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C)."""
        return generalized_mean(maps, p=self.p)


def average() -> nn.Module:
    """Mean over positions."""
    return AveragePool()


def maximum() -> nn.Module:
    """Maximum over positions."""
    return MaxPool()


def gem(*, p: Positive = 3.0) -> nn.Module:
    """Generalized mean with a learned exponent that starts at ``p`` (GeM)."""
    return GeneralizedMeanPool(p=p)


def fixed_gem(*, p: Positive = 3.0) -> nn.Module:
    """Generalized mean with the exponent ``p``, which is not learned."""
    return GeneralizedMeanPool(p=p, learned=False)


def _precise(maps: Tensor) -> torch.dtype:
    return torch.promote_types(maps.dtype, torch.float32)


POOLINGS: Mapping[str, Callable[..., nn.Module]] = MappingProxyType(
    {"average": average, "max": maximum, "gem": gem, "fixed_gem": fixed_gem}
)
"""Name -> factory of a module (B, C, H, W) -> (B, C)."""
