"""The one place where images are opened: from a path, bytes, a Pillow image or an array, or refused in one line.

Only the formats of `FORMATS` are read, whatever a file is called, and only regular files. Training, evaluation, tools,
galleries and the service all open images here, so they see the same pixels.
"""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import EINVAL, EISDIR
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from reseen.data.jpeg import open_jpeg, shrink
from reseen.data.upright import DAMAGE, upright_rgb, upright_size
from reseen.errors import ReseenError

ImageSource: TypeAlias = str | Path | bytes | bytearray | memoryview | Image.Image | NDArray[Any]
"""A path, the bytes of an encoded file, a Pillow image, or an array (H, W, 3) uint8."""

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "PPM", "TIFF", "WEBP")
"""The formats that are read. Pillow knows more, but some run other programs or hide an image's size."""

Result = TypeVar("Result")
_READ_AT_ONCE = 1 << 20
"""Up to so many bytes a file is read whole; a larger one would take memory beside its pixels."""
_SMALLEST = (1, 1)
_CANNOT = "cannot read the image: "


class ImageError(ReseenError):
    """An image that cannot be opened; ``message`` names it.

    torch rebuilds a worker's exception from the text of its traceback, whose last line is the message.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message.strip().splitlines()[-1].removeprefix(f"{__name__}.{type(self).__name__}: "))


class ImageLimits(NamedTuple):
    """The most pixels (width x height) of an image and bytes of a file; larger ones are refused before decoding."""

    pixels: int = 40_000_000
    bytes: int = 64_000_000


DEFAULT_LIMITS = ImageLimits()


def open_image(
    source: ImageSource,
    *,
    limits: ImageLimits | None = None,
    bgr: bool = False,
    name: str = "",
    at_least: tuple[int, int] | None = None,
) -> Image.Image:
    """Open an image as upright 8-bit RGB; see `upright_rgb`.

    Args:
        source: A path, bytes, a Pillow image, or an array (H, W, 3) uint8.
        limits: The largest image that is decoded; None for Pillow's own limit.
        bgr: Whether an array's channels are in OpenCV's order.
        name: The name that errors use; a path's own if left out.
        at_least: (height, width) in pixels that suffice: an encoded JPEG may be decoded at 1/2, 1/4 or 1/8 of its size
            if both sides stay that long. Other formats, Pillow images and arrays keep their size. Pillow's own limit
            then counts the pixels that are decoded; ``limits`` count the file's.

    Raises:
        PictureError: A ReseenError: no such file, no image, a damaged one, or one beyond the limits.

    Example:
        >>> import numpy as np
        >>> open_image(np.zeros((2, 3, 3), np.uint8)).size
        (3, 2)
    """
    if isinstance(source, np.ndarray):
        return _from_array(source, limits, bgr=bgr, name=name or "the image")
    return read_image(source, upright_rgb, limits=limits, name=name, at_least=at_least)


def read_image(
    source: ImageSource,
    read: Callable[[Image.Image], Result],
    *,
    limits: ImageLimits | None = None,
    name: str = "",
    at_least: tuple[int, int] | None = None,
) -> Result:
    """Open an image and return ``read(opened)``, for what needs something else than upright RGB.

    Raises PictureError as `open_image` does.
    """
    name = name or (str(source) if isinstance(source, str | Path) else "the image")
    with _errors_in_one_line(name, limits):
        return _decoded(source, read, limits=limits, at_least=at_least)


def read_size(source: str | Path | bytes | bytearray | memoryview, *, name: str = "") -> tuple[int, int]:
    """(height, width) in pixels of the upright image, from a file's header.

    No JPEG that can be decoded small is too large for it. Raises PictureError as `open_image` does.
    """
    name = name or (str(source) if isinstance(source, str | Path) else "the image")
    with _errors_in_one_line(name, None), _encoded(source, None) as file, _opened(file, _SMALLEST) as opened:
        return upright_size(opened)


@contextmanager
def _errors_in_one_line(name: str, limits: ImageLimits | None) -> Iterator[None]:
    try:
        yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(f"{name}: {_too_large(error, limits)}") from None
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from None
    except DAMAGE as error:
        raise ImageError(f"{name}: {_CANNOT}{_damage(error)}") from None


def regular_size(path: Path) -> int:
    """The bytes of a regular file. OSError for no file and for any other kind, which is never opened.

    Reading a pipe would wait for its writer, and reading a device may do anything.
    """
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(EISDIR, "it is a folder")
    if not stat.S_ISREG(status.st_mode):
        raise OSError(EINVAL, "it is no regular file")
    return status.st_size


def _decoded(
    source: ImageSource,
    read: Callable[[Image.Image], Result],
    *,
    limits: ImageLimits | None,
    at_least: tuple[int, int] | None,
) -> Result:
    if isinstance(source, Image.Image):
        _check_size(source.size, limits)
        return read(source)  # at its own size: shrinking would change the caller's image
    with _encoded(source, limits) as file, _opened(file, at_least) as opened:
        _check_size(opened.size, limits)
        if at_least is not None:
            shrink(opened, at_least)
        return read(opened)


def _opened(file: BinaryIO, at_least: tuple[int, int] | None) -> Image.Image:
    jpeg = None if at_least is None else open_jpeg(file, at_least)
    return Image.open(file, formats=FORMATS) if jpeg is None else jpeg


def _encoded(source: ImageSource, limits: ImageLimits | None) -> BinaryIO:
    """A file open for reading. A small one is read whole, since each system call costs as much as decoding a row."""
    if isinstance(source, bytes | bytearray | memoryview):
        _check_bytes(len(source), limits)
        return BytesIO(source)
    if not isinstance(source, str | Path):
        raise ImageError(f"expected a path, bytes, a PIL image or a numpy array, got {type(source).__name__}")
    size = regular_size(Path(source))
    _check_bytes(size, limits)
    if size > _READ_AT_ONCE:
        return Path(source).open("rb")
    descriptor = os.open(source, os.O_RDONLY)
    try:
        return BytesIO(os.read(descriptor, size))
    finally:
        os.close(descriptor)


def _from_array(array: NDArray[Any], limits: ImageLimits | None, *, bgr: bool, name: str) -> Image.Image:
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8:
        shape = " x ".join(map(str, array.shape))
        raise ImageError(f"{name}: expected (height, width, 3) of uint8, got {shape} of {array.dtype}")
    height, width = array.shape[:2]
    try:
        _check_size((width, height), limits)
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from None
    return Image.fromarray(np.ascontiguousarray(array[..., ::-1] if bgr else array))


def _check_bytes(count: int, limits: ImageLimits | None) -> None:
    if count == 0:
        raise ImageError(f"{_CANNOT}the file is empty (0 bytes)")
    if limits is not None and count > limits.bytes:
        raise ImageError(f"expected a file of at most {limits.bytes:,} bytes, got {count:,}")


def _check_size(size: tuple[int, int], limits: ImageLimits | None) -> None:
    width, height = size
    if min(size) < 1:
        raise ImageError(f"expected at least 1 x 1 pixel, got {width} x {height}")
    if limits is not None and width * height > limits.pixels:
        raise ImageError(_too_many(f"{width:,} x {height:,} = {width * height:,}", limits))


def _too_large(error: Exception, limits: ImageLimits | None) -> str:
    """The refusal of an image that Pillow did not begin to decode."""
    return f"{_CANNOT}{error}" if limits is None else _too_many("more than Pillow opens", limits)


def _too_many(got: str, limits: ImageLimits) -> str:
    return f"expected an image of at most {limits.pixels:,} pixels, got {got}; make it smaller"


def _damage(error: Exception) -> str:
    """Why an image did not decode, in one line."""
    if isinstance(error, UnidentifiedImageError):
        return "not an image in a known format"
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split()) or type(error).__name__
