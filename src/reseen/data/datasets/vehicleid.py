"""The VehicleID layout (Liu et al., CVPR 2016), one layout a test list: 800, 1,600 or 2,400 identities.

A line of a list is an image's name without its ending and its identity: ``0000001 12``. Cameras are not known.
The set brings no split into query and gallery: both tables hold the whole test list, and the protocol draws one
image an identity for the gallery, several times over. Where the optional attribute/ names
colours and models, by number, the tables have the columns ``colour`` and ``model``.
"""

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

import polars

from reseen.data.datasets.layout import About, Count, Layout, PublishedCounts
from reseen.data.datasets.listing import LineFormat, ListEntry, listed_split, read_list
from reseen.data.datasets.places import find_home
from reseen.data.table import Split, Splits

_LINE = LineFormat(re.compile(r"(?P<image>\S+?)(?:\.jpg)?\s+(?P<identity>\d+)"), "0000001 12")
_ATTRIBUTES = MappingProxyType({"colour": "color_attr.txt", "model": "model_attr.txt"})
"""Column -> the file below attribute/ with lines of an identity and its number of a colour or a model."""
_ATTRIBUTE_LINE = LineFormat(re.compile(r"(?P<identity>\d+)\s+(?P<value>\d+)"), "12 3")
_TESTS = MappingProxyType({800: 6_493, 1_600: 13_377, 2_400: 19_777})
"""Identities of a test list -> its images."""


def recognise(path: Path, *, size: int) -> bool:
    """Whether this folder, or its only sub-folder of this kind, has the images and the list of this size."""
    return _home(path, size) is not None


def read(path: Path, *, size: int) -> Splits:
    """The training list, and the test list of ``size`` identities as query and as gallery alike."""
    root = _home(path, size) or path
    train, test = (_listed(root, name) for name in ("train_list.txt", _test_list(size)))
    return Splits(f"vehicleid_{size}", root, train, test, test)


def _home(path: Path, size: int) -> Path | None:
    return find_home(
        path, lambda root: (root / "image").is_dir() and (root / "train_test_split" / _test_list(size)).is_file()
    )


def _test_list(size: int) -> str:
    return f"test_list_{size}.txt"


def _listed(root: Path, name: str) -> Split:
    file, images = root / "train_test_split" / name, root / "image"
    matches = read_list(file, _LINE)
    entries = [ListEntry(images / f"{match['image']}.jpg", match["identity"]) for match in matches]
    return _with_attributes(listed_split(entries, source=file), root / "attribute")


def _with_attributes(split: Split, folder: Path) -> Split:
    """The split with a column for each file of attributes that is there; null for identities that it leaves out."""
    for column, name in _ATTRIBUTES.items():
        if (folder / name).is_file():
            known = {match["identity"]: match["value"] for match in read_list(folder / name, _ATTRIBUTE_LINE)}
            values = [known.get(identity) for identity in split.frame["identity"]]
            split = Split(split.frame.with_columns(polars.Series(column, values, dtype=polars.String)))
    return split


def _layout(size: int) -> Layout:
    test = Count(_TESTS[size], size)
    return Layout(
        partial(recognise, size=size),
        partial(read, size=size),
        f"a folder with image/ and train_test_split/ of train_list.txt and {_test_list(size)}",
        ABOUT,
        protocol="vehicleid",
        # As the lists given out hold them; the paper's table prints others (110,178 images to train).
        published=(PublishedCounts(train=Count(113_346, 13_164), query=test, gallery=test),),
        queries_in_gallery=True,
        same_camera_counts=True,
    )


ABOUT = About(
    title="PKU VehicleID",
    task="vehicle",
    source="Liu et al., Deep Relative Distance Learning: Tell the Difference Between Similar Vehicles, CVPR 2016",
    access="on request from its authors (pkuml.org)",
    licence="research only, by the authors' terms",
)
LAYOUTS: Mapping[str, Layout] = MappingProxyType({f"vehicleid_{size}": _layout(size) for size in _TESTS})
