"""Readers: from a folder to ClassSplits, one entry of the table a layout.

CIFAR-10 and CIFAR-100 as their archives unpack, by torchvision's reader, which checks their bytes; their test set is
what is validated on. A folder per class below train/ and val/, as ImageNet is commonly kept. The vehicle types of a
VeRi-776 folder, also of a synthetic one: its training identities train, its test identities validate.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from torchvision.datasets import CIFAR10, CIFAR100, ImageFolder

from reseen.data.table import first
from reseen.data.walking import SUFFIXES
from reseen.errors import ReseenError
from reseen.tasks.classify.classes import ClassSplit, ClassSplits, Files

VERI_PARTS = MappingProxyType({"train": "image_train", "val": "image_test"})
_ITEM = re.compile(r'imageName="([^"]+)".*?typeID="(\d+)"')


class Reader(NamedTuple):
    """One layout: whether a folder is in it, how it is read, and what is expected there in words."""

    recognise: Callable[[Path], bool]
    read: Callable[[Path], ClassSplits]
    expects: str


def read_classes(data: Path, *, layout: str = "auto") -> ClassSplits:
    """The images and classes of a folder. ReseenError: no such layout there, or sides whose classes differ."""
    if not data.is_dir():
        raise ReseenError(f"{data}: expected a folder of images with classes, got {_what(data)}")
    if layout == "auto":
        layout = next((name for name, reader in READERS.items() if reader.recognise(data)), "")
    if not layout:
        expected = "; ".join(f"{name}: {reader.expects}" for name, reader in READERS.items())
        raise ReseenError(f"{data}: no known layout; expected one of {expected}")
    reader = READERS[layout]
    if not reader.recognise(data):
        raise ReseenError(f"{data}: not in the layout {layout}: expected {reader.expects}")
    return reader.read(data)


def _what(path: Path) -> str:
    return "a file" if path.exists() else "nothing there"


def _cifar(name: str, kind: type[CIFAR10]) -> Reader:
    def recognise(path: Path) -> bool:
        return (path / str(kind.base_folder)).is_dir()

    def read(path: Path) -> ClassSplits:
        try:
            train, val = (kind(path, train=part) for part in (True, False))
        except RuntimeError:
            raise ReseenError(
                f"{path / kind.base_folder}: files are missing or damaged (their checksums differ); "
                f"unpack {kind.url} there anew"
            ) from None
        digests = (digest for _, digest in (*kind.train_list, *kind.test_list))
        return ClassSplits(
            name, path, tuple(train.classes), _of_torchvision(train), _of_torchvision(val), _hash(digests)
        )

    return Reader(recognise, read, f"{kind.base_folder}/ as {kind.url.rpartition('/')[2]} unpacks")


def _of_torchvision(source: Any) -> ClassSplit:
    return ClassSplit(source, np.asarray(source.targets, dtype=np.int64))


def _has_folders(path: Path) -> bool:
    return all((path / part).is_dir() for part in ("train", "val"))


def _read_folders(path: Path) -> ClassSplits:
    train, val = (_class_folders(path / part) for part in ("train", "val"))
    differ = [_only(train.classes, val.classes, "train"), _only(val.classes, train.classes, "val")]
    if any(differ):
        raise ReseenError(
            f"{path}: expected the same class folders in train/ and val/, got {'; '.join(filter(None, differ))}"
        )
    return _of_files("folder", path, names=tuple(train.classes), train=train.samples, val=val.samples)


def _class_folders(path: Path) -> ImageFolder:
    empty = [entry.name for entry in sorted(path.iterdir()) if entry.is_dir() and not _has_images(entry)]
    if empty:
        raise ReseenError(f"{path}: class folders without images: {first(empty)}")
    try:
        return ImageFolder(str(path), is_valid_file=_is_image)
    except FileNotFoundError:
        raise ReseenError(f"{path}: expected a folder of images for each class, got none") from None


def _is_image(file: str) -> bool:
    return Path(file).suffix.lower() in SUFFIXES


def _has_images(folder: Path) -> bool:
    return any(_is_image(entry.name) for entry in folder.rglob("*"))


def _only(these: Sequence[str], others: Sequence[str], part: str) -> str:
    extra = sorted(set(these) - set(others))
    return f"{len(extra)} only in {part}/ ({first(extra)})" if extra else ""


def _has_types(path: Path) -> bool:
    return all((path / name).exists() for name in ("list_type.txt", "train_label.xml", *VERI_PARTS.values()))


def _read_types(path: Path) -> ClassSplits:
    words = dict(line.split(maxsplit=1) for line in _lines(path / "list_type.txt"))
    train, val = (_typed(path, part, words) for part in ("train", "test"))
    names = tuple(sorted({name for _, name in train}))
    unseen = sorted({name for _, name in val} - set(names))
    if unseen:
        raise ReseenError(f"{path}: the training identities show no {', '.join(unseen)}, which test identities are")
    trained, validated = ([(file, names.index(name)) for file, name in part] for part in (train, val))
    return _of_files("veri776_types", path, names=names, train=trained, val=validated)


def _typed(root: Path, part: str, words: Mapping[str, str]) -> list[tuple[str, str]]:
    """Each image of a part with its vehicle's type in words; VeRi-776's label files have an item a line."""
    items = [match.groups() for line in _lines(root / f"{part}_label.xml") for match in _ITEM.finditer(line)]
    if not items:
        raise ReseenError(f"{root / f'{part}_label.xml'}: expected lines with imageName and typeID, got none")
    strange = sorted({number for _, number in items if number not in words})
    if strange:
        raise ReseenError(f"{root / f'{part}_label.xml'}: typeID {first(strange)} is not in list_type.txt")
    return [(str(root / f"image_{part}" / file), words[number].strip()) for file, number in items]


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    except OSError as error:
        raise ReseenError(f"{path}: cannot be read: {error.strerror}") from None


def _of_files(
    layout: str, root: Path, *, names: tuple[str, ...], train: list[tuple[str, int]], val: list[tuple[str, int]]
) -> ClassSplits:
    rows = (
        f"{Path(file).relative_to(root)} {names[label]} {_size(file)}" for part in (train, val) for file, label in part
    )
    return ClassSplits(layout, root, names, _split(train), _split(val), _hash(rows))


def _split(samples: list[tuple[str, int]]) -> ClassSplit:
    return ClassSplit(Files(samples), np.asarray([label for _, label in samples], dtype=np.int64))


def _size(file: str) -> int:
    try:
        return Path(file).stat().st_size
    except OSError as error:
        raise ReseenError(f"{file}: cannot be read: {error.strerror}") from None


def _hash(rows: Iterable[str]) -> str:
    whole = blake2b(digest_size=16)
    for row in rows:
        whole.update(f"{row}\n".encode())
    return whole.hexdigest()


READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "cifar10": _cifar("cifar10", CIFAR10),
        "cifar100": _cifar("cifar100", CIFAR100),
        "folder": Reader(_has_folders, _read_folders, "train/CLASS/ and val/CLASS/ with images"),
        "veri776_types": Reader(_has_types, _read_types, "a VeRi-776 folder with train_label.xml and list_type.txt"),
    }
)
"""Layout by name, tried in this order."""
