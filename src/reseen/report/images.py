"""An image on a page: a drawing as PNG or JPEG bytes, with its title and caption, and how images share rows."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from matplotlib.figure import Figure
from PIL import Image

from reseen.data.opening import ImageError, read_image
from reseen.draw.encode import jpeg_bytes, png_bytes

Drawing = Image.Image | Figure

_MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg"}
_WIDE = 1000
"""Pixels from which an image takes a page's whole width."""

_SHRUNK = 0.7
"""Pixels on the page per pixel drawn: sharp on a dense screen, and text in figures the size of text around them."""


@dataclass(frozen=True)
class PageImage:
    """A drawing as PNG or JPEG bytes; neighbours of one ``group`` stand side by side where there is room.

    Its properties raise ValueError for other bytes.
    """

    title: str
    caption: str
    data: bytes
    group: str = ""

    @cached_property
    def _opened(self) -> Image.Image:
        try:
            opened = read_image(self.data, lambda opened: opened)
        except ImageError:
            opened = None
        if opened is None or opened.format not in _MEDIA_TYPES:
            raise ValueError(f"image '{self.title}': expected PNG or JPEG bytes")
        return opened

    @property
    def suffix(self) -> str:
        """The suffix of its file: .png or .jpg."""
        return {"PNG": ".png", "JPEG": ".jpg"}[str(self._opened.format)]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._opened.size

    @property
    def shown_width(self) -> int:
        """Its width on a wide page, in CSS pixels."""
        return round(_SHRUNK * self.size[0])

    @property
    def wide(self) -> bool:
        """Whether it takes the whole width of the page, and scrolls on a phone."""
        return self.size[0] > _WIDE

    @property
    def tall(self) -> bool:
        """Whether it is higher than wide, so that two others fit beside it, one above the other."""
        return self.size[1] > self.size[0]

    @property
    def source(self) -> str:
        """The image itself as a data URI."""
        return f"data:{_MEDIA_TYPES[str(self._opened.format)]};base64,{base64.b64encode(self.data).decode()}"


def image_of(drawing: Drawing, *, title: str, caption: str) -> PageImage:
    """A figure as PNG, a sheet of photographs as JPEG."""
    data = png_bytes(drawing) if isinstance(drawing, Figure) else jpeg_bytes(drawing)
    return PageImage(title, caption, data)


def rows_of(images: Sequence[PageImage]) -> Iterator[list[PageImage]]:
    """The images in order: wide ones alone, others in one row with their neighbours of the same group."""
    for (wide, _), group in groupby(images, key=lambda image: (image.wide, image.group)):
        together = list(group)
        yield from [[image] for image in together] if wide else [together]
