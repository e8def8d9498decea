"""Small JPEGs of tracks for a page, until a page has as many bytes of them as it may."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reseen.data.opening import ImageError, open_image
from reseen.draw.encode import jpeg_bytes
from reseen.report.cards import Thumbnail

SIDE = 128
"""The longest side, pixels."""
MOST_BYTES = 5_000_000
"""Of JPEGs on one page; as text in a page they take a third more."""
_QUALITY = 78


class Thumbnails:
    """Opens images under ``root``, each once; ``unreadable`` and ``left_out`` count those that are not shown."""

    def __init__(self, root: Path, *, most_bytes: int = MOST_BYTES) -> None:
        self._root, self._left = root, most_bytes
        self._made: dict[tuple[object, ...], Thumbnail | None] = {}
        self.unreadable = 0
        self.left_out = 0

    def best(self, images: Sequence[Mapping[str, Any]] | None) -> Thumbnail | None:
        """The first of a track's images, best first, that can be opened."""
        return next((made for made in map(self.of, images or ()) if made is not None), None)

    def of(self, image: Mapping[str, Any]) -> Thumbnail | None:
        """An image of tracks.parquet as a small JPEG; None where it cannot be opened or the page is full."""
        key = tuple(image.values())
        if key not in self._made:
            self._made[key] = self._make(image)
        made = self._made[key]
        if made is None:
            return None
        if len(made.data) > self._left:
            self.left_out += 1
            return None
        self._left -= len(made.data)
        return made

    def _make(self, image: Mapping[str, Any]) -> Thumbnail | None:
        try:
            opened = open_image(self._root / str(image["path"]))
        except ImageError:
            self.unreadable += 1
            return None
        opened.thumbnail((SIDE, SIDE))
        return Thumbnail(jpeg_bytes(opened, quality=_QUALITY), opened.size)
