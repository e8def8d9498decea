"""The image files below a folder, and whether tables can hold their names.

Linked folders are followed: a file that lies in two of them is listed under both, and a link back up to a folder that
it lies in is not followed.
"""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from reseen.errors import ReseenError

SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"})
"""What an image file's name may end in, in lower case; other files in a data folder are ignored."""
_BYTE = re.compile("[\udc80-\udcff]")


def images_below(folder: Path) -> list[Path]:
    """The images in the folder and below, sorted; names that begin with a dot are left out.

    Raises ReseenError naming those whose names are not UTF-8, and a folder that may not be looked into.
    """
    try:
        found = sorted(Path(entry.path) for entry in _walk(folder, above=()))
    except OSError as error:
        raise ReseenError(f"{readable(error.filename)}: cannot be looked into: {error.strerror}") from None
    check_names([path.relative_to(folder) for path in found], folder)
    return found


def check_names(names: Sequence[Path], folder: Path) -> None:
    """Raise ReseenError unless tables can hold the names of these files and of their folder."""
    bad = [readable(name) for name in names if readable(name) != str(name)]
    if bad:
        few = ", ".join(bad[:3]) + (", ..." if len(bad) > 3 else "")
        raise ReseenError(
            f"{readable(folder)}: {len(bad)} file names are not UTF-8, so no table can hold them: {few}; rename them"
        )
    if readable(folder) != str(folder):
        raise ReseenError(f"{readable(folder)}: the path is not UTF-8, so no table can hold it; rename it")


def readable(path: Path | str) -> str:
    r"""A path in words: bytes that are no UTF-8, which Python keeps as lone surrogates, as Python writes bytes.

    >>> readable("caf\udce9.png")
    'caf\\xe9.png'
    """
    words = _BYTE.sub(lambda found: f"\\x{ord(found[0]) - 0xDC00:02x}", str(path))
    return words.encode("utf-8", "backslashreplace").decode()


def _walk(folder: Path, *, above: tuple[tuple[int, int], ...]) -> Iterator["os.DirEntry[str]"]:
    status = folder.stat()
    here = (status.st_dev, status.st_ino)
    if here in above:
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                yield from _walk(Path(entry.path), above=(*above, here))
            elif Path(entry.name).suffix.lower() in SUFFIXES:
                yield entry
