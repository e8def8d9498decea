"""Decoded images kept on disk: the pixels of large JPEG files as scaled decoding gives them, for the next epoch.

An entry is a file of plain bytes, since reading those is many times faster than decoding PNG or lossless WebP: magic,
checksum, width, height, RGB. Its name is a digest of the image's path, size and time, of the size asked for, and of the
decoder's version, so an image that changed has another entry. Whatever is wrong with the cache, images are decoded.
"""

import hashlib
import logging
import os
import shutil
import struct
import zlib
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import PIL
from PIL import Image, features
from torch.utils.data import get_worker_info

from reseen.data.jpeg import is_shrunk
from reseen.data.opening import open_image, read_image
from reseen.data.scaled import size_for_all
from reseen.data.upright import upright_rgb
from reseen.errors import ReseenError
from reseen.files import write_atomically

KEPT_FREE = 5 * 2**30
"""Nothing is added while the disk has fewer free bytes than this."""
_MAGIC = b"reseen1\n"
_CHECKSUM, _SIZE = struct.Struct("<I"), struct.Struct("<II")
_BODY = len(_MAGIC) + _CHECKSUM.size


class _Decoded(NamedTuple):
    image: Image.Image
    smaller: bool


def opener(*transforms: Callable[..., Any]) -> Callable[[str | Path], Image.Image]:
    """Opens a file as all these transforms need it: at the size that suffices, and from the cache if one says so."""
    cached = any(getattr(transform, "cached", False) for transform in transforms)
    opens: Callable[..., Image.Image] = open_cached if cached else open_image
    return partial(opens, at_least=size_for_all(*transforms))


def cache_folder() -> Path:
    """``reseen/images`` in the user's cache folder: XDG_CACHE_HOME, or else ~/.cache."""
    caches = os.environ.get("XDG_CACHE_HOME") or os.path.join("~", ".cache")  # noqa: PTH118 - Path.expanduser may raise
    return Path(os.path.expanduser(caches)) / "reseen" / "images"  # noqa: PTH111 - likewise, where nobody has a home


def open_cached(path: str | Path, *, at_least: tuple[int, int] | None) -> Image.Image:
    """The pixels of ``open_image(path, at_least=at_least)``, from the cache where they are kept.

    Kept are those of files that were decoded smaller than they are. Raises ImageError as `open_image` does.
    """
    entry = None if at_least is None else _entry_of(path, at_least)
    kept = None if entry is None else _kept(entry)
    if kept is not None:
        return kept
    decoded = read_image(path, _decode, at_least=at_least)
    if entry is not None and at_least is not None and decoded.smaller and entry == _entry_of(path, at_least):
        _keep(entry, decoded.image)
    return decoded.image


def _decode(opened: Image.Image) -> _Decoded:
    return _Decoded(upright_rgb(opened), is_shrunk(opened))


def _entry_of(path: str | Path, at_least: tuple[int, int]) -> Path | None:
    """Where the image is kept, if it is; None for a file that cannot be looked at."""
    try:
        status = os.stat(path)  # noqa: PTH116 - half the time, and small images pay for it too
    except (OSError, ValueError):
        return None
    absolute = os.fsencode(os.path.abspath(path))  # noqa: PTH100 - resolving links would read every folder above
    key = (absolute, status.st_size, status.st_mtime_ns, tuple(at_least), _decoder())
    name = hashlib.sha256(repr(key).encode()).hexdigest()
    return cache_folder() / name[:2] / name[2:]


@cache
def _decoder() -> str:
    """What another version of which might give other pixels."""
    return f"{PIL.__version__} {features.version('libjpeg_turbo')}"


def _kept(entry: Path) -> Image.Image | None:
    try:
        content = entry.read_bytes()
    except OSError:
        return None  # most often no entry; where the disk is broken, adding one says so
    try:
        return _unpacked(content, entry)
    except (ValueError, struct.error):
        _warn_once("an entry is damaged, and its image is decoded again", entry)
        return None


def _unpacked(content: bytes, entry: Path) -> Image.Image:
    """ValueError or struct.error for anything but what `_packed` made for this entry."""
    (checksum,) = _CHECKSUM.unpack_from(content, len(_MAGIC))
    size = _SIZE.unpack_from(content, _BODY)
    if not content.startswith(_MAGIC) or checksum != _checksum(memoryview(content)[_BODY:], entry):
        raise ValueError("not what was written")
    return Image.frombytes("RGB", size, content[_BODY + _SIZE.size :])


def _packed(image: Image.Image, entry: Path) -> bytes:
    body = _SIZE.pack(*image.size) + image.tobytes()
    return _MAGIC + _CHECKSUM.pack(_checksum(body, entry)) + body


def _checksum(body: bytes | memoryview, entry: Path) -> int:
    """Of the name too, so that one entry copied over another is noticed."""
    return zlib.crc32(body, zlib.crc32(entry.name.encode()))


def _keep(entry: Path, image: Image.Image) -> None:
    folder = cache_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # others may not read the images either
        if shutil.disk_usage(folder).free < KEPT_FREE:
            _warn_once(f"the disk has less than {KEPT_FREE >> 30} GB free, and nothing is added", folder)
            return
        entry.parent.mkdir(exist_ok=True)
        content = _packed(image, entry)
        write_atomically(entry, lambda file: file.write(content))
    except (OSError, ReseenError) as error:
        _warn_once(f"images cannot be kept ({' '.join(str(error).split())}), and are decoded each time", folder)


def _warn_once(what: str, where: Path) -> None:
    """One line: in each process at most one, and of worker processes the first alone speaks."""
    worker = get_worker_info()
    if (worker is None or worker.id == 0) and not _spoken():
        _spoken().append(what)
        logging.getLogger("reseen").warning("image cache %s: %s", where, what)


@cache
def _spoken() -> list[str]:
    return []
