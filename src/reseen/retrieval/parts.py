"""The part of an image inside a box, decoded no larger than it is needed."""

from pathlib import Path

from PIL import Image

from reseen.data.opening import ImageError, ImageLimits, ImageSource, open_image, read_size
from reseen.retrieval.record import Box


def open_part(
    source: ImageSource,
    box: Box | None,
    *,
    limits: ImageLimits | None = None,
    name: str = "",
    at_least: tuple[int, int] | None = None,
) -> Image.Image:
    """Open an image as `open_image` does, and cut out the box.

    Args:
        source: A path, bytes, a Pillow image, or an array (H, W, 3) uint8.
        box: The part, in pixels of the upright image; None for all of it.
        limits: The largest image that is decoded; None for Pillow's own limit.
        name: The name that errors use; a path's own if left out.
        at_least: (height, width) in pixels that suffice for the part. The box of a JPEG file that is decoded at 1/2,
            1/4 or 1/8 is widened to whole pixels of that size.

    Raises:
        PictureError: As `open_image`, and for a box that lies outside the image.
    """
    if box is None:
        return open_image(source, limits=limits, name=name, at_least=at_least)
    if at_least is None or not isinstance(source, str | Path | bytes | bytearray | memoryview):
        return cut_out(open_image(source, limits=limits, name=name), box, name=name)
    height, width = read_size(source, name=name)
    left, top, right, bottom = _inside(box, size=(width, height), name=name)
    needed = -(-at_least[0] * height // (bottom - top)), -(-at_least[1] * width // (right - left))
    whole = open_image(source, limits=limits, name=name, at_least=needed)
    scale = round(width / whole.width)
    return whole.crop(
        (left // scale, top // scale, min(-(-right // scale), whole.width), min(-(-bottom // scale), whole.height))
    )


def cut_out(image: Image.Image, box: Box, *, name: str) -> Image.Image:
    """The part of the image inside the box. Raises PictureError for a box that lies outside the image."""
    return image.crop(_inside(box, size=image.size, name=name))


def _inside(box: Box, *, size: tuple[int, int], name: str) -> Box:
    """The part of the box that lies inside an image of ``size`` (width, height)."""
    left, top, right, bottom = box
    width, height = size
    inside = (max(left, 0), max(top, 0), min(right, width), min(bottom, height))
    if inside[0] >= inside[2] or inside[1] >= inside[3]:
        raise ImageError(f"{name}: box {tuple(box)} lies outside the image of {width} x {height}")
    return inside
