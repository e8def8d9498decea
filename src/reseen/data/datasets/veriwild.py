"""The VERI-Wild layout (Lou et al., CVPR 2019), one layout a test list: small, medium or large.

``images/00001/000001.jpg``: the folder is the identity. A line of a list names the image, with or without its
ending; where a third field follows, it is the camera, which else stands in ``vehicle_info.txt``
(``00001/000001;23;2018-03-11 07:26:35;...``). The lists' own second field is not read: in the training list it
numbers the identities anew.
"""

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

from reseen.data.datasets.layout import About, Count, Layout, PublishedCounts
from reseen.data.datasets.listing import LineFormat, ListEntry, first_of, listed_split, read_list
from reseen.data.datasets.places import find_home
from reseen.data.table import Split, Splits
from reseen.errors import ReseenError

_LINE = LineFormat(
    re.compile(r"(?P<identity>[^\s/]+)/(?P<image>[^\s/]+?)(?:\.jpg)?(?:\s+\d+(?:\s+(?P<camera>\w+))?)?"),
    "00001/000001.jpg 0 23",
)
_TRAIN = ("train_list_start0.txt", "train_list.txt")
_SIZES = MappingProxyType({"small": 3_000, "medium": 5_000, "large": 10_000})
_GALLERIES = MappingProxyType({"small": 38_861, "medium": 64_389, "large": 128_517})


def recognise(path: Path, *, size: str) -> bool:
    """Whether this folder, or its only sub-folder of this kind, has the images and the lists of this size."""
    return _home(path, size) is not None


def read(path: Path, *, size: str) -> Splits:
    """The tables of a folder in this layout; cameras by their number as the set has it."""
    root = _home(path, size) or path
    cameras = _cameras(root)
    names = (_TRAIN, _query_lists(size), _gallery_lists(size))
    train, query, gallery = (_listed(root, lists, cameras) for lists in names)
    return Splits(f"veriwild_{size}", root, train, query, gallery)


def _home(path: Path, size: str) -> Path | None:
    return find_home(
        path, lambda root: (root / "images").is_dir() and first_of(_lists(root), _gallery_lists(size)) is not None
    )


def _lists(root: Path) -> Path:
    below = root / "train_test_split"
    return below if below.is_dir() else root


def _gallery_lists(size: str) -> tuple[str, str]:
    return f"test_{_SIZES[size]}_id.txt", f"test_{_SIZES[size]}.txt"


def _query_lists(size: str) -> tuple[str, str]:
    return f"test_{_SIZES[size]}_id_query.txt", f"test_{_SIZES[size]}_query.txt"


def _listed(root: Path, names: tuple[str, ...], cameras: Mapping[str, str]) -> Split:
    file = first_of(_lists(root), names)
    if file is None:
        raise ReseenError(f"{_lists(root)}: expected one of the lists {', '.join(names)}, got none")
    images, entries = root / "images", []
    for match in read_list(file, _LINE):
        name = f"{match['identity']}/{match['image']}"
        entries.append(ListEntry(images / f"{name}.jpg", match["identity"], match["camera"] or cameras.get(name)))
    return listed_split(entries, source=file)


def _cameras(root: Path) -> dict[str, str]:
    """identity/image -> camera, as far as vehicle_info.txt is there and has lines of that form."""
    file = _lists(root) / "vehicle_info.txt"
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    fields = (line.split(";") for line in text.splitlines())
    return {parts[0].strip(): parts[1].strip() for parts in fields if len(parts) > 1}


def _layout(size: str) -> Layout:
    lists = f"{' or '.join(_gallery_lists(size))} and {' or '.join(_query_lists(size))}"
    query, gallery = Count(_SIZES[size], _SIZES[size]), Count(_GALLERIES[size], _SIZES[size])
    return Layout(
        partial(recognise, size=size),
        partial(read, size=size),
        f"a folder with images/ of a folder per identity, and train_test_split/ of {' or '.join(_TRAIN)}, {lists}",
        ABOUT,
        protocol="veriwild",
        published=(PublishedCounts(train=Count(277_797, 30_671), query=query, gallery=gallery),),
        same_camera_counts=True,
    )


ABOUT = About(
    title="VERI-Wild",
    task="vehicle",
    source="Lou et al., VERI-Wild: A Large Dataset and a New Method, CVPR 2019",
    access="on request from its authors (github.com/PKU-IMRE/VERI-Wild)",
    licence="research only, by the authors' terms",
)
LAYOUTS: Mapping[str, Layout] = MappingProxyType({f"veriwild_{size}": _layout(size) for size in _SIZES})
