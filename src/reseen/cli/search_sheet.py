"""The sheet of `reseen search`: a row a query with its matches."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

    from reseen.draw import Tile
    from reseen.draw.sheet import Kind
    from reseen.retrieval.gallery import Gallery
    from reseen.retrieval.record import Match, Matches


def draw_matches(gallery: "Gallery", images: Sequence[Path], all_matches: "Sequence[Matches]") -> "Image.Image":
    """A row a query; matches from the threshold up are ticked, others crossed; without a threshold all are plain."""
    from reseen.data.opening import open_image
    from reseen.draw import Tile, draw_sheet

    opened = [open_image(path) for path in images]
    rows = [
        [Tile(image, "query", path.name, "" if matches.known is None else matches.identity), *_tiles(gallery, matches)]
        for image, path, matches in zip(opened, images, all_matches, strict=True)
    ]
    return draw_sheet(rows, columns=["query", *(str(rank) for rank in range(1, max(map(len, rows))))])


def _tiles(gallery: "Gallery", matches: "Matches") -> "Iterator[Tile]":
    from reseen.draw import Tile

    for match in matches:
        kind: Kind = "query" if match.known is None else ("match" if match.known else "other")
        camera = "cam ?" if match.camera is None else f"cam {match.camera}"
        yield Tile(_image_of(gallery, match), kind, match.identity or "?", f"{camera} · {match.similarity:.3f}")


def _image_of(gallery: "Gallery", match: "Match") -> "Image.Image":
    """The thumbnail, else the file that the record refers to, else an empty card."""
    from PIL import Image

    from reseen.data.opening import DEFAULT_LIMITS, open_image
    from reseen.errors import ReseenError

    small = gallery.thumbnail(match.id)
    if small is not None:
        return open_image(small, limits=DEFAULT_LIMITS)
    try:
        image = open_image(match.picture or "", limits=DEFAULT_LIMITS)
        return image if match.box is None else image.crop(match.box)
    except ReseenError:
        return Image.new("RGB", (96, 96), (226, 229, 233))
