"""What an opened picture holds, as upright RGB, and many pictures worked on in threads.

`reseen.data.opening` opens them. Grey, palette, CMYK, 16-bit and transparent pictures become 8-bit RGB: transparent
parts are laid on black, 16 bits keep their upper 8, of an animation the first frame is taken.
"""

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, product
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from PIL import Image, UnidentifiedImageError

from reseen.errors import ReseenError
from reseen.progress import ProgressCallback

SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"})
"""What a picture file's name may end in, in lower case; other files in a data folder are not looked at."""

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
"""EXIF's orientation -> how to turn what is stored; Pillow's own turning writes the other entries anew, and fails on
broken ones."""
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


def upright_rgb(opened: Image.Image) -> Image.Image:
    """What an open picture holds, its first frame if it has several, as its EXIF says it is to be seen.

    Raises one of DAMAGE for bytes that do not decode.
    """
    opened.load()
    return _as_rgb(_upright(opened))


def damage(error: Exception) -> str:
    """Why a picture did not decode, in one line."""
    if isinstance(error, UnidentifiedImageError):
        return "not a picture in a known format"
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split()) or type(error).__name__


def in_threads(
    work: Callable[[Entry], Result],
    entries: Sequence[Entry],
    *,
    progress: ProgressCallback | None = None,
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


def _upright(picture: Image.Image) -> Image.Image:
    turn = _TURNS.get(_orientation(picture))
    if turn is None:
        return picture
    turned = picture.transpose(turn)
    turned.info = {key: value for key, value in picture.info.items() if key == "transparency"}  # it is upright now
    return turned


def _orientation(picture: Image.Image) -> int:
    """As the EXIF says, whose other entries may be broken; 1, upright, where it says nothing that can be read."""
    try:
        orientation: int = picture.getexif().get(_ORIENTATION, 1)
    except (*DAMAGE, AttributeError, Warning):
        return 1
    return orientation


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
