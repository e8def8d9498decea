"""Shared by layouts with identity and camera in the file name: three folders of such files."""

import re
from pathlib import Path
from typing import NamedTuple

from reseen.data.datasets.places import find_home, is_image
from reseen.data.table import Split, Unparsed, split_of
from reseen.data.walking import check_names
from reseen.errors import ReseenError


class Naming(NamedTuple):
    """One layout's folders, in the order train, query, gallery, and its file names.

    ``pattern`` matches the start of a name: first group the identity, second the camera. ``example`` is what
    error messages show.
    """

    folders: tuple[str, str, str]
    pattern: re.Pattern[str]
    example: str


class NamedTables(NamedTuple):
    """The three tables, and the files left out of them because their names do not parse."""

    train: Split
    query: Split
    gallery: Split
    unparsed: tuple[Unparsed, ...]


def home(path: Path, naming: Naming) -> Path | None:
    """The folder that holds one of the layout's own folders: ``path`` or its only sub-folder that does."""
    folders = [name for name in naming.folders if name != "query"]  # a folder called query tells no layout
    return find_home(path, lambda folder: any((folder / name).is_dir() for name in folders))


def read_named(root: Path, naming: Naming) -> NamedTables:
    """The tables of the three folders. Raises ReseenError when one is missing, empty, or named otherwise."""
    missing = [name for name in naming.folders if not (root / name).is_dir()]
    if missing:
        raise ReseenError(
            f"{root}: expected the folders {', '.join(naming.folders)}, got none named {', '.join(missing)}"
        )
    read = [_read_folder(root / name, naming) for name in naming.folders]
    train, query, gallery = (split for split, _ in read)
    return NamedTables(train, query, gallery, tuple(left for _, left in read if left.names))


def images_in(folder: Path) -> list[Path]:
    """The image files right in a folder, sorted by name, without hidden ones. ReseenError for names not in UTF-8."""
    files = sorted(path for path in folder.iterdir() if is_image(path))
    check_names([Path(path.name) for path in files], folder)
    return files


def _read_folder(folder: Path, naming: Naming) -> tuple[Split, Unparsed]:
    files = images_in(folder)
    if not files:
        raise ReseenError(f"{folder}: expected images named like {naming.example}, got no image file")
    matches = [(path, naming.pattern.match(path.name)) for path in files]
    parsed = [(path, match[1], match[2]) for path, match in matches if match]
    names = tuple(path.name for path, match in matches if not match)
    left = Unparsed(folder.name, names, len(files), naming.example)
    if not parsed:
        raise ReseenError(f"{folder.parent}: {left.message}")
    paths, identities, cameras = zip(*parsed, strict=True)
    return split_of(paths, identities, cameras=cameras), left
