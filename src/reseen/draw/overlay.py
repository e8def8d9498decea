"""Maps laid over images: the larger a value, the brighter and more opaque; the image shows through low values."""

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_rgb
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from reseen.draw.style import PALETTE

Values = NDArray[np.floating]

SCALE = "inferno"
"""Perceptually uniform, and readable without telling red from green."""
TOWARD, AWAY = PALETTE[1], PALETTE[0]
"""Colours of evidence for and against: orange and blue."""
COVER = 0.8
"""Opacity of the largest value."""


def overlay(image: Image.Image, values: Values, *, top: float | None = None) -> Image.Image:
    """The image under a map (h, w): clear where the map is 0 or less, bright and nearly opaque where it is ``top``.

    ``top`` is the largest value unless given; maps with the same ``top`` are comparable. Values lie at the centres
    of their cells and are interpolated linearly between them.
    """
    share = _shares(enlarged(values, size=image.size), top=values.max() if top is None else top)
    return _blended(image, colormaps[SCALE](share)[..., :3], cover=share)


def contrast_overlay(image: Image.Image, values: Values) -> Image.Image:
    """The image under a signed map (h, w): orange above 0, blue below, clear at 0."""
    large = enlarged(values, size=image.size)
    share = _shares(np.abs(large), top=float(np.abs(values).max()))
    return _blended(image, np.where(large[..., None] > 0, to_rgb(TOWARD), to_rgb(AWAY)), cover=share)


def enlarged(values: Values, *, size: tuple[int, int]) -> NDArray[np.float32]:
    """(h, w) -> (H, W) for a ``size`` of (W, H): bilinear, cell centres on cell centres, edges held."""
    map_image = Image.fromarray(np.ascontiguousarray(values, dtype=np.float32))
    return np.asarray(map_image.resize(size, Image.Resampling.BILINEAR))


def marked(image: Image.Image, position: tuple[float, float]) -> Image.Image:
    """The image with a ring at a position, given as shares of its height and width."""
    drawn = image.convert("RGB")
    row, column = position[0] * image.height, position[1] * image.width
    draw, radius = ImageDraw.Draw(drawn), max(3, min(image.size) // 20)
    for colour, width in (("black", 3), ("white", 1)):
        ring = (column - radius, row - radius, column + radius, row + radius)
        draw.ellipse(ring, outline=colour, width=width)
    return drawn


def _shares(values: NDArray[np.float32], *, top: float) -> NDArray[np.float32]:
    return np.clip(values / top, 0, 1) if top > 0 else np.zeros_like(values)


def _blended(image: Image.Image, colours: NDArray[np.floating], *, cover: NDArray[np.float32]) -> Image.Image:
    """(H, W, 3) colours in 0..1 over the image, each pixel by its cover in 0..1 times ``COVER``."""
    alpha = COVER * cover[..., None]
    below = np.asarray(image.convert("RGB"), dtype=np.float64)
    return Image.fromarray((below * (1 - alpha) + 255 * colours * alpha).round().astype(np.uint8))
