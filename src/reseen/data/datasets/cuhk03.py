"""CUHK03 (Li et al., CVPR 2014) under the new protocol of 767 and 700 identities (Zhong et al., CVPR 2017).

Two sets, labelled (boxes drawn by hand) and detected, in either of two forms. The folder form, CUHK03-NP, has
``labeled/`` and ``detected/`` with Market's three folders each, of files like ``0003_c1_21.png``. The release form
has cuhk-03.mat, unpacked (see ``cuhk03_release``), and the lists of the protocol in
cuhk03_new_protocol_config_labeled.mat and _detected.mat. Cameras are "1" and "2", of the identity's own pair.
"""

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from reseen.data.datasets.cuhk03_release import find_mat, find_release, image_folder, protocol_lists
from reseen.data.datasets.layout import About, Count, Layout, PublishedCounts
from reseen.data.datasets.listing import ListEntry, listed_split
from reseen.data.datasets.market1501 import read_like_market
from reseen.data.datasets.matlab5 import read_matlab_5
from reseen.data.datasets.naming import Naming
from reseen.data.datasets.places import find_home
from reseen.data.table import Split, Splits, first
from reseen.errors import ReseenError

NAMING = Naming(
    folders=("bounding_box_train", "query", "bounding_box_test"),
    pattern=re.compile(r"(-1|\d+)_c([12])(?!\d)"),
    example="0003_c1_21.png",
)
WHERE_LISTS = "they stand in github.com/zhunzhong07/person-re-ranking"
_PARTS = ("train_idx", "query_idx", "gallery_idx")
_NUMBERS, _NAMES = (*_PARTS, "labels"), "filelist"
_NAME = re.compile(r"\d+_\d+_([12])_\d+\.\w+")


def recognise(path: Path, *, kind: str) -> bool:
    """Whether this folder, or its only sub-folder of this kind, has either form of this kind of boxes."""
    return _folder_form(path, kind) is not None or _release(path, kind) is not None


def read(path: Path, *, kind: str) -> Splits:
    """The tables of either form."""
    name, folder, release = f"cuhk03_{_word(kind)}", _folder_form(path, kind), _release(path, kind)
    if folder is None and release is not None:
        return Splits(name, release, *_read_release(release, kind))
    return read_like_market(name, folder or path, NAMING)


def _folder_form(path: Path, kind: str) -> Path | None:
    """The folder that holds Market's folders: ``path`` itself when it is named for the kind, or one it holds."""
    words = (kind, _word(kind))
    if path.name.lower() in words and _is_market(path):
        return path
    root = find_home(path, lambda folder: any(_is_market(folder / word) for word in words))
    return root and next(root / word for word in words if _is_market(root / word))


def _is_market(folder: Path) -> bool:
    return (folder / NAMING.folders[0]).is_dir()


def _release(path: Path, kind: str) -> Path | None:
    root = find_release(path)
    return root if root and (protocol_lists(root, kind).is_file() or find_mat(root)) else None


def _read_release(root: Path, kind: str) -> tuple[Split, Split, Split]:
    images, config = image_folder(root, kind), protocol_lists(root, kind)
    if not config.is_file():
        raise ReseenError(f"{root}: expected the new protocol's lists, {config.name}, got none; {WHERE_LISTS}")
    if not images.is_dir():
        do = f"write them out first: reseen unpack {root}" if find_mat(root) else "nor is cuhk-03.mat here to unpack"
        raise ReseenError(f"{root}: expected the {_word(kind)} images in {images.name}/, got none; {do}")
    numbers, names = _load(config)
    labels = numbers["labels"].tolist()
    matches = [_NAME.fullmatch(name) for name in names]
    wrong = [name for name, match in zip(names, matches, strict=True) if not match]
    if wrong or len(labels) != len(names):
        raise ReseenError(
            f"{config}: expected a label for each name like 1_003_2_07.png, got {len(labels)} labels and"
            f" {len(names)} names, {len(wrong)} of another form: {first(wrong)}"
        )
    entries = [
        ListEntry(images / name, f"{label:04d}", match[1] if match else None)
        for name, label, match in zip(names, labels, matches, strict=True)
    ]
    train, query, gallery = (_part(entries, numbers[part], config) for part in _PARTS)
    return train, query, gallery


def _load(config: Path) -> tuple[Mapping[str, npt.NDArray[np.int64]], list[str]]:
    """The numbers by name, and the names of images."""
    expected = (*_NUMBERS, _NAMES)
    try:
        numbers, texts = read_matlab_5(config, names=expected)
    except (OSError, ValueError) as error:
        raise ReseenError(f"{config}: cannot be read as a MATLAB file: {error}") from None
    missing = [name for name in expected if name not in (texts if name == _NAMES else numbers)]
    if missing:
        raise ReseenError(f"{config}: expected the fields {', '.join(expected)}, got none named {', '.join(missing)}")
    return numbers, texts[_NAMES]


def _part(entries: list[ListEntry], numbers: npt.NDArray[np.int64], config: Path) -> Split:
    rows = numbers - 1  # MATLAB counts from 1
    if rows.size == 0 or rows.min() < 0 or rows.max() >= len(entries):
        raise ReseenError(f"{config}: expected rows from 1 to {len(entries)} of its list, got others or none")
    return listed_split([entries[row] for row in rows], source=config)


def _word(kind: str) -> str:
    return {"labeled": "labelled"}.get(kind, kind)


def _layout(kind: str, published: PublishedCounts) -> Layout:
    return Layout(
        partial(recognise, kind=kind),
        partial(read, kind=kind),
        f"a folder {kind}/ with bounding_box_train/, query/, bounding_box_test/ of files like {NAMING.example},"
        f" or images_{kind}/ unpacked from cuhk-03.mat and {protocol_lists(Path(), kind)}",
        ABOUT,
        protocol="cuhk03",
        published=(published,),
    )


ABOUT = About(
    title="CUHK03, new protocol",
    task="person",
    source="Li et al., DeepReID, CVPR 2014; the protocol of Zhong et al., CVPR 2017",
    access="on request from its authors; the lists from github.com/zhunzhong07/person-re-ranking",
    licence="given out for research; read the authors' terms",
)
LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {
        "cuhk03_labelled": _layout("labeled", PublishedCounts(Count(7_368, 767), Count(1_400, 700), Count(5_328, 700))),
        "cuhk03_detected": _layout(
            "detected", PublishedCounts(Count(7_365, 767), Count(1_400, 700), Count(5_332, 700))
        ),
    }
)
