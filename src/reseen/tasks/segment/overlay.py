"""Classes as colours: alone, laid over the image, and with a legend.

H, W = height and width of an image.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from reseen.tasks.segment.classes import CLASS_NAMES, COLOURS
from reseen.tasks.segment.scenes import Labels

_PAPER, _INK = (255, 255, 255), (28, 32, 38)
_FONT, _SWATCH, _GAP = 17, 18, 10


def paint(classes: Labels) -> Image.Image:
    """(H, W) classes -> their colours; ignored pixels are black."""
    palette = np.zeros((256, 3), np.uint8)
    palette[: len(COLOURS)] = COLOURS
    return Image.fromarray(palette[classes])


def overlay(image: Image.Image, classes: Labels, *, strength: float = 0.55) -> Image.Image:
    """The image with the colours of its classes (H, W) laid over it; ignored pixels show the image."""
    mixed: NDArray[np.uint8] = np.asarray(Image.blend(image, paint(classes), strength))
    shown = (classes < len(COLOURS))[..., None]
    return Image.fromarray(np.where(shown, mixed, np.asarray(image)))


def legend(width: int, *, shown: Sequence[int]) -> Image.Image:
    """A strip of ``width`` pixels with the colour and the name of each class in ``shown``."""
    font = ImageFont.load_default(_FONT)
    places: list[tuple[int, int]] = []
    x, y = 0, 0
    for number in shown:
        wide = _SWATCH + 6 + int(font.getlength(CLASS_NAMES[number])) + 2 * _GAP
        if x and x + wide > width:
            x, y = 0, y + _SWATCH + _GAP
        places.append((x, y))
        x += wide
    strip = Image.new("RGB", (width, y + _SWATCH + 4), _PAPER)
    draw = ImageDraw.Draw(strip)
    for number, (left, top) in zip(shown, places, strict=True):
        red, green, blue = (int(part) for part in COLOURS[number])
        draw.rectangle((left, top, left + _SWATCH, top + _SWATCH), fill=(red, green, blue))
        draw.text((left + _SWATCH + 6, top - 2), CLASS_NAMES[number], font=font, fill=_INK)
    return strip
