"""JPEG files that are decoded at 1/2, 1/4 or 1/8 of their size, which costs a fraction of the time and the memory."""

from typing import BinaryIO

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from reseen.data.upright import SIDES_SWAPPED, orientation

LARGEST = 500_000_000
"""The most pixels of a file that is decoded small; of others, Pillow's own limit."""
_SCALES = (8, 4, 2, 1)


def open_jpeg(file: BinaryIO, at_least: tuple[int, int]) -> JpegImageFile | None:
    """An open file, before `shrink`, if it is a JPEG whose decoded pixels are within Pillow's limit.

    Pillow's opener counts those of the whole file. None for any other file, which is at its start again.
    """
    try:
        opened = JpegImageFile(file)
    except SyntaxError:
        opened = None
    if opened is not None and _is_within_limit(opened, at_least):
        return opened
    file.seek(0)
    return None


def shrink(opened: Image.Image, at_least: tuple[int, int]) -> None:
    """Have a JPEG decoded at the smallest of 1/1, 1/2, 1/4, 1/8 whose upright sides are still (H, W) or more."""
    if isinstance(opened, JpegImageFile):
        opened.draft(None, _stored(opened, at_least))  # no mode: grey and CMYK stay what they are


def is_shrunk(opened: Image.Image) -> bool:
    """Whether `shrink` made a file smaller, also after it is decoded."""
    scale = opened.decoderconfig[:1] if isinstance(opened, JpegImageFile) else ()
    return scale > (1,)


def _stored(opened: Image.Image, at_least: tuple[int, int]) -> tuple[int, int]:
    """Upright (H, W) -> (width, height) as the file has them."""
    height, width = at_least[::-1] if orientation(opened) in SIDES_SWAPPED else at_least
    return width, height


def _is_within_limit(opened: JpegImageFile, at_least: tuple[int, int]) -> bool:
    most, pixels = Image.MAX_IMAGE_PIXELS, opened.width * opened.height
    if most is None or pixels <= most:
        return True
    if "progressive" in opened.info or pixels > LARGEST:
        return False  # libjpeg holds all coefficients of a progressive file, at any scale
    width, height = _stored(opened, at_least)
    longest = min(opened.width // width, opened.height // height)
    scale = next((scale for scale in _SCALES if scale <= longest), 1)
    return pixels <= most * scale**2
