"""The pixels of a Pillow image where they lie in memory, without a copy."""

from typing import Any

import numpy as np
import polars
import torch
from numpy.typing import NDArray
from PIL import Image
from PIL import _imaging as core
from torch import Tensor

_PIXEL = 4
"""Bytes of a pixel of RGB in Pillow's memory; the last says nothing."""


def pixel_view(image: Image.Image) -> Tensor | None:
    """An RGB image -> (4, H, W) uint8, in memory as (H, W, 4) and the image's own, so not to be written to.

    None where the rows do not lie one after another: Pillow puts them into blocks of 16 MB (see
    `reseen.data.blocks`), and apart where the user has it align them.
    """
    assert image.mode == "RGB", image.mode
    if core.get_alignment() > _PIXEL:
        return None  # older Pillows hand out what lies between the rows as pixels
    try:
        pixels = polars.Series(image).to_numpy()  # Arrow's interface, the only one of Pillow's that copies nothing
    except ValueError:
        return None
    return torch.from_numpy(np.asarray(_Writable(pixels))).reshape(image.height, image.width, _PIXEL).permute(2, 0, 1)


class _Writable:
    """The same memory, said to be writable: torch has no tensors that are not, and warns."""

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self._owner = pixels
        described: dict[str, Any] = pixels.__array_interface__
        self.__array_interface__ = described | {"data": (described["data"][0], False)}
