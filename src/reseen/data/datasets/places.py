"""The folder of a set: the given one, or the only fitting one below it."""

from collections.abc import Callable
from itertools import islice
from pathlib import Path

from reseen.data.walking import SUFFIXES

_FEW = 100
"""More sub-folders than this may be one per identity, and are not searched for a set."""


def find_home(path: Path, is_home: Callable[[Path], bool]) -> Path | None:
    """``path`` if it is the set's folder, else its only sub-folder that is."""
    if not path.is_dir():
        return None
    if is_home(path):
        return path
    below = list(islice((entry for entry in path.iterdir() if entry.is_dir()), _FEW + 1))
    homes = [folder for folder in below if is_home(folder)] if len(below) <= _FEW else []
    return homes[0] if len(homes) == 1 else None


def some_image(folder: Path) -> str:
    """The file name of any image right in the folder, or "" where there is none."""
    entries = folder.iterdir() if folder.is_dir() else iter(())
    return next((entry.name for entry in entries if is_image(entry)), "")


def is_image(path: Path) -> bool:
    """Whether the name is that of an image, and not hidden."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
