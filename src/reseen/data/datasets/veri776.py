"""The VeRi-776 layout (Liu et al., ECCV 2016), and the orientations of Wang et al. (ICCV 2017) if present.

``0001_c014_00016450_0.jpg``: identity 0001, camera 014. The optional ``keypoint_train.txt`` and
``keypoint_test.txt`` hold one line an image: its path, 20 pairs x y, and one of eight orientations 0..7,
which becomes the view "0".."7". An image without a line, or with orientation -1, has no known view.

The optional ``test_track.txt`` holds one line a track, the names of its images: what one camera took of one vehicle
in passing. The gallery then has the column ``track``, which the image-to-track protocol ranks. With the optional label
files the tables have the columns ``colour`` and ``type`` (`veri776_labels`).
"""

import re
from collections.abc import Mapping
from pathlib import Path, PureWindowsPath

import polars

from reseen.data.datasets.layout import About, Count, Layout, PublishedCounts
from reseen.data.datasets.naming import Naming, home, read_named
from reseen.data.datasets.places import is_image
from reseen.data.datasets.veri776_labels import read_attributes, with_attributes
from reseen.data.table import Split, Splits, first
from reseen.errors import ReseenError

EXPECTS = "a folder with image_train/, image_query/ and image_test/ of files like 0001_c014_00016450_0.jpg"
NAMING = Naming(
    folders=("image_train", "image_query", "image_test"),
    pattern=re.compile(r"(\d+)_c(\d{3})(?!\d)"),
    example="0001_c014_00016450_0.jpg",
)
_NUMBERS = 41  # 20 pairs and the orientation
_UNKNOWN_VIEW = "-1"


def recognise(path: Path) -> bool:
    """Whether this folder, or its only sub-folder of this kind, has a folder of the layout."""
    return home(path, NAMING) is not None


def read(path: Path) -> Splits:
    """The tables of a folder in this layout; cameras named "001" to "020" as in the file names."""
    root = home(path, NAMING) or path
    tables = read_named(root, NAMING)
    train_views, test_views = (read_views(root / f"keypoint_{part}.txt") for part in ("train", "test"))
    gallery, notes = _with_tracks(_with_views(tables.gallery, test_views), read_tracks(root / "test_track.txt"))
    train, query = _with_views(tables.train, train_views), _with_views(tables.query, test_views)
    of_train, of_test = (read_attributes(root, part) for part in ("train", "test"))
    query, gallery = (with_attributes(split, of_test) for split in (query, gallery))
    return Splits("veri776", root, with_attributes(train, of_train), query, gallery, tables.unparsed, notes)


def read_views(path: Path) -> dict[str, str]:
    """File name -> view of a keypoint file; empty without the file. Raises ReseenError naming a bad line."""
    if not path.is_file():
        return {}
    views = {}
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if not line.strip():
            continue
        fields = line.rsplit(maxsplit=_NUMBERS)
        if len(fields) != _NUMBERS + 1 or fields[-1] not in (*"01234567", _UNKNOWN_VIEW):
            raise ReseenError(
                f"{path}:{number}: expected a path, 20 pairs x y and an orientation 0..7, got {line.strip()[:60]!r}"
            )
        if fields[-1] != _UNKNOWN_VIEW:
            # PureWindowsPath takes both kinds of slash.
            views[PureWindowsPath(fields[0]).name] = fields[-1]
    return views


def read_tracks(path: Path) -> dict[str, str]:
    """File name -> track of a track file; empty without the file. ReseenError: an image in two tracks.

    A track is named for its first image. What stands in a line besides names of images, as the name of a track
    that some copies have, is passed over.
    """
    tracks: dict[str, str] = {}
    twice: list[str] = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else ():
        names = [PureWindowsPath(word).name for word in line.split() if is_image(Path(word))]
        twice += [name for name in names if name in tracks]
        tracks.update(dict.fromkeys(names, Path(names[0]).stem) if names else {})
    if twice:
        raise ReseenError(f"{path}: {len(twice)} images stand in more than one track: {first(twice)}")
    return tracks


def _with_tracks(gallery: Split, tracks: Mapping[str, str]) -> tuple[Split, tuple[str, ...]]:
    """The gallery with its column of tracks if any are known; an image in none is a track of its own, and noted."""
    if not tracks:
        return gallery, ()
    names = [path.name for path in gallery.paths]
    alone = [name for name in names if name not in tracks]
    column = polars.Series("track", [tracks.get(name, Path(name).stem) for name in names], dtype=polars.String)
    note = f"{len(alone)} of {len(names)} gallery images stand in no line of test_track.txt: {first(alone)}"
    return Split(gallery.frame.with_columns(column)), (note,) if alone else ()


def _with_views(split: Split, views: Mapping[str, str]) -> Split:
    names = [views.get(path.name) for path in split.paths]
    return Split(split.frame.with_columns(polars.Series("view", names, dtype=polars.String)))


LAYOUT = Layout(
    recognise,
    read,
    EXPECTS,
    About(
        title="VeRi-776",
        task="vehicle",
        source="Liu et al., A Deep Learning-Based Approach to Progressive Vehicle Re-identification, ECCV 2016",
        access="on request from its authors (github.com/JDAI-CV/VeRidataset)",
        licence="not for commercial use, by the authors' terms",
    ),
    protocol="veri776",
    # The training identities are 576 by the paper, and other numbers in tools that read the images.
    published=(PublishedCounts(train=Count(37_778), query=Count(1_678, 200), gallery=Count(11_579, 200)),),
    queries_in_gallery=True,
)
