"""Training's resize as part of an exported network: antialiased bilinear on bytes, with the same roundings.

PyTorch resizes uint8 with integer weights, along the rows, then along the columns, and rounds to a byte after each.
Here each is a product with a matrix whose weights the graph computes from the image's size, in sums that float32 holds
exactly. So every byte is the same, which the resize of ONNX or OpenVINO does not guarantee.
"""

import torch
from einops import rearrange
from torch import Tensor, nn

from reseen.deploy.network import EmbeddingNetwork

# ATen's compute_indices_int16_weights_aa: as many bits as keep the largest weight below 2^15, at most 22.
_LARGEST_WEIGHT = 2**15
_MOST_BITS = 22
_BYTE = 256


class AnySize(nn.Module):
    """``network`` for images of any size, which are resized to ``image_size`` (height, width) first."""

    def __init__(self, network: EmbeddingNetwork, *, image_size: tuple[int, int]) -> None:
        super().__init__()
        self.network = network
        self.image_size = image_size

    def forward(self, images: Tensor) -> Tensor:
        """(B, H', W', 3) uint8 -> (B, D)."""
        vectors: Tensor = self.network(resize(images, self.image_size))
        return vectors


def resize(images: Tensor, image_size: tuple[int, int]) -> Tensor:
    """(B, H', W', 3) uint8 -> (B, H, W, 3) float32 of whole numbers 0..255, equal to torchvision's v2.Resize."""
    height, width = image_size
    narrow = _along_columns(images.float().transpose(1, 2), width)
    return _along_columns(narrow.transpose(1, 2), height)


def _along_columns(images: Tensor, length: int) -> Tensor:
    """(B, H', W', 3) -> (B, length, W', 3), rounded to bytes.

    The weights are split into their upper and lower byte, since only sums below 2^24 are exact in float32.
    """
    weights, one = _weights(images.shape[1], length)
    upper, columns = torch.floor(weights / _BYTE), rearrange(images, "b h w c -> b h (w c)")
    lower_sums = torch.matmul(weights - upper * _BYTE, columns)
    sums = torch.matmul(upper, columns) + torch.floor(lower_sums / _BYTE)
    one = one / _BYTE
    rounded = torch.floor((sums + one / 2) / one).clamp(0, 255)
    return rearrange(rounded, "b length (w c) -> b length w c", c=3)


def _weights(before: int, after: int) -> tuple[Tensor, Tensor]:
    """Integer weights (after, before), a triangle around each centre, and the integer that stands for 1.

    Distances are in units that make them integers; ``size`` is a tensor, so that an export keeps it variable.
    """
    size = torch.full((), before, dtype=torch.float64)
    places, centres = (2 * torch.arange(count, dtype=torch.float64) + 1 for count in (before, after))
    distances = (places[None] * after - centres[:, None] * size).abs()
    heights = (2 * size.clamp(min=after) - distances).clamp(min=0)
    shares = heights / heights.sum(dim=1, keepdim=True)
    powers = 2.0 ** torch.arange(1, _MOST_BITS + 1, dtype=torch.float64)
    bits = (torch.floor(shares.max() * powers + 0.5) < _LARGEST_WEIGHT).sum()
    one = 2.0 ** bits.double()
    return torch.floor(shares * one + 0.5).float(), one.float()
