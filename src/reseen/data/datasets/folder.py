"""A folder of folders, each named for the one identity it shows; cameras and views are not known.

Half of the identities are for training; see ``splitting`` for how the rest is divided.
"""

from pathlib import Path

from reseen.data.datasets.layout import About, Layout
from reseen.data.datasets.naming import images_in
from reseen.data.datasets.splitting import split_identities, split_queries
from reseen.data.table import Splits, split_of
from reseen.errors import ReseenError

EXPECTS = "a folder with one sub-folder of images per identity"


def recognise(path: Path) -> bool:
    """Whether a sub-folder has images right in it."""
    return path.is_dir() and any(images_in(folder) for folder in _folders(path))


def read(path: Path, seed: int) -> Splits:
    """The images of each sub-folder, split by identity and ``seed``."""
    if not path.is_dir():
        raise ReseenError(f"{path}: expected {EXPECTS}, got a file")
    labelled = [(image, folder.name) for folder in _folders(path) for image in images_in(folder)]
    if not labelled:
        raise ReseenError(f"{path}: expected {EXPECTS}, got no image in any sub-folder")
    images, identities = zip(*labelled, strict=True)
    train, test = split_identities(split_of(images, identities), seed=seed)
    return Splits("folder", path, train, *split_queries(test, seed=seed))


def _folders(path: Path) -> list[Path]:
    return sorted(folder for folder in path.iterdir() if folder.is_dir() and not folder.name.startswith("."))


LAYOUT = Layout(
    recognise,
    read,
    EXPECTS,
    About("images of your own, a folder per identity", "any", source="you", access="yours", licence="yours"),
)
