"""The MSMT17 layout (Wei et al., CVPR 2018), both versions: lists of images, V2's with the faces blurred.

V1 keeps its images in ``train/`` and ``test/``, V2 in ``mask_train_v2/`` and ``mask_test_v2/``. A line of a list
is an image and its identity: ``0000/0000_000_01_0303morning_0015_0.jpg 0``; the third field of the name is the
camera. Both halves number their identities from 0, so theirs are named "train/0000" and "test/0000" here.
"""

import re
from pathlib import Path

from reseen.data.datasets.layout import About, Count, Layout, PublishedCounts
from reseen.data.datasets.listing import LineFormat, ListEntry, listed_split, read_list
from reseen.data.datasets.places import find_home
from reseen.data.table import Split, Splits
from reseen.errors import ReseenError

EXPECTS = (
    "a folder MSMT17_V1 with train/ and test/, or MSMT17_V2 with mask_train_v2/ and mask_test_v2/,"
    " and list_train.txt, list_val.txt, list_query.txt, list_gallery.txt"
)
_VERSIONS = (("train", "test"), ("mask_train_v2", "mask_test_v2"))
_LINE = LineFormat(
    re.compile(r"(?P<image>(?:\S*/)?[^\s/_]+_[^\s/_]+_(?P<camera>\d+)_[^\s/]+)\s+(?P<identity>\d+)"),
    "0000/0000_000_01_0303morning_0015_0.jpg 0",
)


def recognise(path: Path) -> bool:
    """Whether this folder, or its only sub-folder of this kind, has the lists and a folder of either version."""
    return find_home(path, _is_home) is not None


def read(path: Path) -> Splits:
    """The tables of a folder in this layout; cameras named "01" to "15" as in the file names.

    Train is list_train.txt and, where present, list_val.txt: together they are the published training set.
    """
    root = find_home(path, _is_home) or path
    train, test = _folders(root)
    lists = [root / f"list_{name}.txt" for name in ("train", "val")]
    present = [file for file in lists if file.is_file()] or lists
    notes = () if lists[1].is_file() else ("list_val.txt is not there, so its part of the training images is not read",)
    tables = (
        _listed(present, root / train, half="train"),
        _listed([root / "list_query.txt"], root / test, half="test"),
        _listed([root / "list_gallery.txt"], root / test, half="test"),
    )
    return Splits("msmt17", root, *tables, notes=notes)


def _is_home(folder: Path) -> bool:
    return (folder / "list_train.txt").is_file() and any((folder / train).is_dir() for train, _ in _VERSIONS)


def _folders(root: Path) -> tuple[str, str]:
    there = [pair for pair in _VERSIONS if all((root / name).is_dir() for name in pair)]
    if len(there) != 1:
        raise ReseenError(f"{root}: expected {EXPECTS}, got {len(there)} of the two versions' folders")
    return there[0]


def _listed(lists: list[Path], folder: Path, *, half: str) -> Split:
    entries = [
        ListEntry(folder / match["image"], f"{half}/{int(match['identity']):04d}", match["camera"])
        for file in lists
        for match in read_list(file, _LINE)
    ]
    return listed_split(entries, source=lists[0])


LAYOUT = Layout(
    recognise,
    read,
    EXPECTS,
    About(
        title="MSMT17, versions 1 and 2",
        task="person",
        source="Wei et al., Person Transfer GAN to Bridge Domain Gap for Person Re-Identification, CVPR 2018",
        access="on request from its authors, by a signed release agreement",
        licence="research only, by that agreement",
    ),
    protocol="msmt17",
    published=(PublishedCounts(train=Count(32_621, 1_041), query=Count(11_659, 3_060), gallery=Count(82_161, 3_060)),),
)
