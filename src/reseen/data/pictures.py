"""Picture files: decoded to upright RGB, or refused with the file's name.

Grey, palette, CMYK, 16-bit and transparent pictures become 8-bit RGB; transparent parts are laid on black.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, product
from pathlib import Path
from typing import TypeAlias, TypeVar

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from reseen.errors import ReseenError

Progress: TypeAlias = Callable[[int, int], None]
"""Told (done, total) after each piece of work."""

SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"})
"""What a picture file's name may end in, in lower case; other files in a data folder are not looked at."""

DAMAGE = (OSError, SyntaxError, ValueError, LookupError, EOFError, TypeError, struct.error, MemoryError)
"""What Pillow's decoders raise on damaged bytes; OSError holds UnidentifiedImageError."""
_ORIENTATION = 0x0112
_IN_FLIGHT = 512
_PIECE = 1 << 20
"""So many pixels are turned to RGB at a time."""

Entry = TypeVar("Entry")
Result = TypeVar("Result")


class PictureError(ReseenError):
    """A file that does not decode; ``message`` names it.

    torch rebuilds a worker's exception from the text of its traceback, whose last line is the message.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message.strip().splitlines()[-1].removeprefix(f"{__name__}.{type(self).__name__}: "))


def load_picture(path: Path | str) -> Image.Image:
    """The picture as 8-bit RGB, turned upright as its EXIF says.

    Raises PictureError naming the file when it is missing, empty, truncated or no picture.
    """
    try:
        with Image.open(path) as opened:
            return upright_rgb(opened)
    except Image.DecompressionBombError as error:
        raise PictureError(f"{path}: cannot read the picture: {error}") from None
    except DAMAGE as error:
        raise PictureError(f"{path}: cannot read the picture: {_reason(Path(path), error)}") from None


def upright_rgb(opened: Image.Image) -> Image.Image:
    """What an open picture holds, its first frame if it has several, as `load_picture` gives it.

    Raises one of DAMAGE for bytes that do not decode.
    """
    opened.load()
    return _as_rgb(_upright(opened))


def damage(error: Exception) -> str:
    """Why a picture did not decode, in one line."""
    if isinstance(error, UnidentifiedImageError):
        return "not a picture in a known format"
    return " ".join(str(error).split()) or type(error).__name__


def unreadable(paths: Sequence[Path], *, progress: Progress | None = None) -> dict[Path, str]:
    """The pictures among ``paths`` that do not decode to their last row, each with the reason, in order."""
    reasons = in_threads(_why_unreadable, paths, progress=progress)
    return {path: reason for path, reason in reasons if reason}


def in_threads(
    work: Callable[[Entry], Result],
    entries: Sequence[Entry],
    *,
    progress: Progress | None = None,
    threads: int | None = None,
) -> Iterator[tuple[Entry, Result]]:
    """Each entry with ``work(entry)``, in order; ``threads`` (None: a few) work ahead, but not without bound."""
    with ThreadPoolExecutor(threads) as pool:
        waiting = iter(entries)
        flight = [(entry, pool.submit(work, entry)) for entry in islice(waiting, _IN_FLIGHT)]
        for done in range(1, len(entries) + 1):
            place = (done - 1) % _IN_FLIGHT
            entry, future = flight[place]
            result = future.result()
            for later in islice(waiting, 1):
                flight[place] = (later, pool.submit(work, later))
            if progress:
                progress(done, len(entries))
            yield entry, result


def _why_unreadable(path: Path) -> str:
    try:
        load_picture(path)
    except PictureError as error:
        return str(error).removeprefix(f"{path}: cannot read the picture: ")
    return ""


def _reason(path: Path, error: Exception) -> str:
    if not path.exists():
        return "no such file"
    if path.is_dir():
        return "it is a folder"
    if path.stat().st_size == 0:
        return "the file is empty (0 bytes)"
    return damage(error)


def _upright(picture: Image.Image) -> Image.Image:
    if picture.getexif().get(_ORIENTATION, 1) == 1:
        return picture
    return ImageOps.exif_transpose(picture)


def _as_rgb(picture: Image.Image) -> Image.Image:
    """Piece by piece, so that what a mode takes on its way to RGB is little beside the picture and its result."""
    if picture.mode == "RGB":
        return picture.copy() if picture.readonly else picture
    if picture.width * picture.height <= _PIECE:
        return _piece_as_rgb(picture)
    rgb = Image.new("RGB", picture.size)
    for box in _pieces(picture.size):
        rgb.paste(_piece_as_rgb(picture.crop(box)), box)
    return rgb


def _pieces(size: tuple[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """Boxes of at most `_PIECE` pixels that cover a picture: whole rows, or parts of one where it is that wide."""
    width, height = size
    columns = min(width, _PIECE)
    rows = _PIECE // columns
    for top, left in product(range(0, height, rows), range(0, width, columns)):
        yield left, top, min(left + columns, width), min(top + rows, height)


def _piece_as_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):
        # Pillow would clip 16-bit values at 255 instead of scaling them.
        picture = Image.fromarray((np.asarray(picture).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8))
    if picture.mode == "F":
        raise ValueError("expected 8 or 16 bits per channel, got floating point")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", picture.size, (0, 0, 0, 255)), picture).convert("RGB")
    return picture.convert("RGB")
