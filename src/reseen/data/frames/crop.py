"""Boxes out of one frame, and how sharp they are. H, W = a frame's height and width in pixels, N = boxes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reseen.data.frames.frame import Image

_SIDE = 64
"""Pixels that a crop is brought to before its sharpness is measured, so that large and small ones compare."""


def crops_of(frame: Image, corners: NDArray[np.float64]) -> Sequence[Image]:
    """The parts of a frame in boxes (N, 4) of left, top, right, bottom; each has a pixel at least."""
    height, width = frame.shape[:2]
    whole = np.rint(corners).astype(np.int64)
    left, top = whole[:, 0].clip(0, width - 1), whole[:, 1].clip(0, height - 1)
    right, bottom = np.maximum(whole[:, 2].clip(0, width), left + 1), np.maximum(whole[:, 3].clip(0, height), top + 1)
    return [frame[y:y2, x:x2] for x, y, x2, y2 in zip(left, top, right, bottom, strict=True)]


def sharpness(crop: Image) -> float:
    """(H, W, 3) -> how fast its greys change, 0 or more: the variance of the Laplacian over that of the greys.

    Example:
        >>> edges = np.zeros((64, 64, 3), np.uint8)
        >>> edges[::8] = 255
        >>> sharpness(edges) > sharpness(np.full((64, 64, 3), 9, np.uint8))
        True
    """
    from PIL import Image as Pillow

    small = Pillow.fromarray(np.ascontiguousarray(crop)).convert("L").resize((_SIDE, _SIDE), Pillow.Resampling.BOX)
    grey = np.asarray(small, dtype=np.float64)
    inner = grey[1:-1, 1:-1]
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * inner
    return float(laplacian.var() / (grey.var() + 1))
