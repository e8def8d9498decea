"""Any picture that a caller may hand over, as upright 8-bit RGB, or refused in one line.

Grey, palette, CMYK, 16-bit and transparent pictures are turned to RGB as training does it, so that a picture has one
vector wherever it is embedded: transparent parts are laid on black, 16 bits keep their upper 8, of an animation the
first frame is taken.
"""

from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reseen.data.pictures import DAMAGE, PictureError, damage, upright_rgb

PictureSource: TypeAlias = str | Path | bytes | bytearray | memoryview | Image.Image | NDArray[Any]
"""A path, an encoded file's bytes, a Pillow picture, or (H, W, 3) uint8."""

# Pillow knows many more, some of which run other programs or keep a picture's size to themselves.
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")


class PictureLimits(NamedTuple):
    """What is refused before it is decoded: so many pixels (width x height), and so many bytes of a file."""

    pixels: int = 40_000_000
    bytes: int = 64_000_000


DEFAULT_LIMITS = PictureLimits()


def open_picture(
    source: PictureSource, *, limits: PictureLimits = DEFAULT_LIMITS, bgr: bool = False, name: str = ""
) -> Image.Image:
    """The picture as upright 8-bit RGB. ``bgr``: an array's channels stand as OpenCV has them.

    ``name`` is what errors call it; without one a path is called by itself. Raises PictureError, a ReseenError, for
    what is missing, no picture, damaged, or beyond the limits.
    """
    name = name or (str(source) if isinstance(source, str | Path) else "the picture")
    if isinstance(source, np.ndarray):
        return _from_array(source, limits, bgr=bgr, name=name)
    try:
        return _decoded(source, limits)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(f"{name}: {_too_large('more than Pillow opens', limits)}") from None
    except FileNotFoundError:
        raise PictureError(f"{name}: no such file") from None
    except PictureError as error:
        raise PictureError(f"{name}: {error}") from None
    except DAMAGE as error:
        raise PictureError(f"{name}: cannot read the picture: {damage(error)}") from None


def _decoded(source: PictureSource, limits: PictureLimits) -> Image.Image:
    if isinstance(source, Image.Image):
        _check_size(source.size, limits)
        return upright_rgb(source)
    if isinstance(source, str | Path):
        _check_bytes(Path(source).stat().st_size, limits)
        with Path(source).open("rb") as file:
            return _opened(file, limits)
    if isinstance(source, bytes | bytearray | memoryview):
        _check_bytes(len(source), limits)
        return _opened(BytesIO(source), limits)
    raise PictureError(f"expected a path, bytes, a PIL picture or a numpy array, got {type(source).__name__}")


def _opened(file: Any, limits: PictureLimits) -> Image.Image:
    with Image.open(file, formats=_FORMATS) as opened:
        _check_size(opened.size, limits)
        return upright_rgb(opened)


def _from_array(array: NDArray[Any], limits: PictureLimits, *, bgr: bool, name: str) -> Image.Image:
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8:
        shape = " x ".join(map(str, array.shape))
        raise PictureError(f"{name}: expected (height, width, 3) of uint8, got {shape} of {array.dtype}")
    height, width = array.shape[:2]
    try:
        _check_size((width, height), limits)
    except PictureError as error:
        raise PictureError(f"{name}: {error}") from None
    return Image.fromarray(np.ascontiguousarray(array[..., ::-1] if bgr else array))


def _check_bytes(count: int, limits: PictureLimits) -> None:
    if count == 0:
        raise PictureError("expected a picture, got 0 bytes")
    if count > limits.bytes:
        raise PictureError(f"expected a file of at most {limits.bytes:,} bytes, got {count:,}")


def _check_size(size: tuple[int, int], limits: PictureLimits) -> None:
    width, height = size
    if min(size) < 1:
        raise PictureError(f"expected at least 1 x 1 pixel, got {width} x {height}")
    if width * height > limits.pixels:
        raise PictureError(_too_large(f"{width:,} x {height:,} = {width * height:,}", limits))


def _too_large(got: str, limits: PictureLimits) -> str:
    return f"expected a picture of at most {limits.pixels:,} pixels, got {got}; make it smaller"
