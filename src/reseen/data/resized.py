"""A decoded image brought to the network's size without copying its pixels as a whole.

Pillow keeps four bytes a pixel and hands them out by copying twice; of 12 megapixels that takes half as long as
decoding. So they are read where they lie, or of an image in several blocks strip by strip.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import functional

from reseen.data.pixel_view import pixel_view

SMALL = 1 << 16
"""Up to so many pixels are copied: that takes less time than leaving out the fourth byte afterwards."""

STRIP = 1 << 20
"""Pixels of a strip."""

_ROUNDS_BETWEEN = frozenset({"AVX2", "AVX512"})
"""Where torch resizes bytes along the rows, rounds to bytes, and then resizes along the columns."""


def resized(image: Image.Image, size: tuple[int, int]) -> NDArray[np.uint8]:
    """An RGB image -> (H, W, 3), the same bytes as the transform `reseen.data.transforms.resize` gives.

    Args:
        image: Upright 8-bit RGB.
        size: (H, W) in pixels.

    Example:
        >>> resized(Image.new("RGB", (640, 480), "red"), (2, 2))[0, 0].tolist()
        [255, 0, 0]
    """
    pixels = None if _is_small(image) else pixel_view(image)
    if pixels is None:
        pixels = _narrowed(image, size[1]) if _may_be_cut(image) else _copied(image)
    return _small(pixels, size)


def resized_array(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """As `resized`, of (H', W', 3) in memory that may be written to: what is a small part of a frame, as a whole."""
    return _small(torch.from_numpy(image).permute(2, 0, 1), size)


def _is_small(image: Image.Image) -> bool:
    return image.width * image.height <= SMALL


def _may_be_cut(image: Image.Image) -> bool:
    return image.width * image.height > STRIP and torch.backends.cpu.get_cpu_capability() in _ROUNDS_BETWEEN


def _small(pixels: Tensor, size: tuple[int, int]) -> NDArray[np.uint8]:
    """(3 or 4, H', W') -> (H, W, 3)."""
    return np.ascontiguousarray(_by_torch(pixels, size))


def _by_torch(pixels: Tensor, size: tuple[int, int]) -> NDArray[np.uint8]:
    """(3 or 4, H', W') -> (H, W, 3), perhaps apart in memory: torch would copy it with threads that cost more."""
    found: Tensor = functional.resize(pixels, list(size), antialias=True)
    return found.permute(1, 2, 0).numpy()[..., :3]


def _narrowed(image: Image.Image, width: int) -> Tensor:
    """(3, H', width), in memory as (H', width, 3): each row resized, all rows kept."""
    narrow = np.empty((image.height, width, 3), np.uint8)
    rows = max(1, STRIP // image.width)
    for top in range(0, image.height, rows):
        bottom = min(top + rows, image.height)
        strip = image.crop((0, top, image.width, bottom))
        pixels = pixel_view(strip)
        pixels = _copied(strip) if pixels is None else pixels
        narrow[top:bottom] = _by_torch(pixels, (bottom - top, width))
    return torch.from_numpy(narrow).permute(2, 0, 1)


def _copied(image: Image.Image) -> Tensor:
    """(3, H, W) of a copy, in memory as (H, W, 3)."""
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)
