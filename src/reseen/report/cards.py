"""Cards of a page: a heading, facts, small images with captions, and a time line of their own."""

import base64
from collections.abc import Sequence
from typing import Literal, NamedTuple

from reseen.report.timeline import Timeline

Mark = Literal["", "right", "wrong"]
"""What is known about what a card or a tile shows; a word says it too, not the colour alone."""


class Thumbnail(NamedTuple):
    """A small JPEG, and its width and height in pixels."""

    data: bytes
    size: tuple[int, int]

    @property
    def source(self) -> str:
        """The image as a data URI."""
        return f"data:image/jpeg;base64,{base64.b64encode(self.data).decode()}"


class Tile(NamedTuple):
    """An image, or None where there is none to show, with a short caption and notes under it; ``words`` describe the
    image to whoever cannot see it."""

    caption: str
    notes: Sequence[str] = ()
    image: Thumbnail | None = None
    words: str = ""


class Card(NamedTuple):
    """What belongs together: ``tiles`` in order under a title and lines of facts, with ``chart`` between.

    ``anchor`` is what links in the page call it.
    """

    title: str
    facts: Sequence[str] = ()
    tiles: Sequence[Tile] = ()
    chart: Timeline | None = None
    anchor: str = ""
    mark: Mark = ""
