"""Any opened image as upright 8-bit RGB.

Grey, palette, CMYK, 16-bit and transparent images are converted: transparent parts are laid on black, 16 bits keep
their upper 8, and an animation gives its first frame.
"""

import struct
from collections.abc import Iterator, Mapping
from itertools import product
from types import MappingProxyType

import numpy as np
from PIL import Image

DAMAGE = (OSError, SyntaxError, ValueError, LookupError, EOFError, TypeError, struct.error, MemoryError)
"""What Pillow's decoders raise on damaged bytes; OSError holds UnidentifiedImageError."""
_ORIENTATION = 0x0112
_TURNS: Mapping[int, Image.Transpose] = MappingProxyType(
    {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
)
"""EXIF's orientation -> how to turn the stored image. Pillow's own turning rewrites the other entries, and fails on
broken ones."""
SIDES_SWAPPED = range(5, 9)
"""The orientations whose stored width is the upright image's height."""
_PIECE = 1 << 18
"""Pixels that are converted at a time."""


def upright_rgb(opened: Image.Image) -> Image.Image:
    """Decode an open image's first frame, turned as its EXIF says. Raises one of `DAMAGE` where that fails."""
    opened.load()
    return _as_rgb(_upright(opened))


def upright_size(opened: Image.Image) -> tuple[int, int]:
    """(height, width) in pixels that `upright_rgb` would give, without decoding."""
    width, height = opened.size
    if opened.format == "PNG" and "exif" not in opened.info:
        return height, width  # Pillow would decode it in search of EXIF behind the pixels
    return (width, height) if orientation(opened) in SIDES_SWAPPED else (height, width)


def _upright(image: Image.Image) -> Image.Image:
    turn = _TURNS.get(orientation(image))
    if turn is None:
        return image
    turned = image.transpose(turn)
    turned.info = {key: value for key, value in image.info.items() if key == "transparency"}  # it is upright now
    return turned


def orientation(image: Image.Image) -> int:
    """The EXIF's orientation; 1 (upright) where it cannot be read."""
    try:
        orientation: int = image.getexif().get(_ORIENTATION, 1)
    except (*DAMAGE, AttributeError, Warning):
        return 1
    return orientation


def _as_rgb(image: Image.Image) -> Image.Image:
    """Converted piece by piece, so that the copies on the way to RGB are small beside the image."""
    if image.mode == "RGB":
        return image.copy() if image.readonly else image
    if image.width * image.height <= _PIECE:
        return _piece_as_rgb(image)
    rgb = Image.new("RGB", image.size)
    for box in _pieces(image.size):
        rgb.paste(_piece_as_rgb(image.crop(box)), box)
    return rgb


def _pieces(size: tuple[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """Boxes of at most `_PIECE` pixels that cover an image: whole rows, or parts of a row where it is that wide."""
    width, height = size
    columns = min(width, _PIECE)
    rows = _PIECE // columns
    for top, left in product(range(0, height, rows), range(0, width, columns)):
        yield left, top, min(left + columns, width), min(top + rows, height)


def _piece_as_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        # Pillow would clip 16-bit values at 255 instead of scaling them.
        image = Image.fromarray((np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8))
    if image.mode == "F":
        raise ValueError("expected 8 or 16 bits per channel, got floating point")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image).convert("RGB")
    return image.convert("RGB")
