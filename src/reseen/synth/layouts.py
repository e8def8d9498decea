"""The layouts that a rendered set is written in: folders, file names and lists of VeRi-776 and of Market-1501."""

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from reseen.synth.plan import Shot, queries
from reseen.synth.subject import Description, Subject


class RenderedSet(NamedTuple):
    """A set whose images are rendered: the shots, each shot's view, each identity's description."""

    subject: Subject
    shots: Sequence[Shot]
    views: Mapping[int, int]
    descriptions: Sequence[Description]


class Counts(NamedTuple):
    """Images per split, as the readers count them."""

    train: int
    query: int
    gallery: int


class DiskLayout(NamedTuple):
    """One layout: the file of a shot, what is written at the end, and the share of test identities."""

    file: Callable[[Shot], str]
    finish: Callable[[Path, RenderedSet], Counts]
    test_share: float


def _veri_name(shot: Shot) -> str:
    return f"{shot.number:04d}_c{shot.camera:03d}_{shot.frame:08d}_0.jpg"


def _veri_file(shot: Shot) -> str:
    return f"{'image_train' if shot.train else 'image_test'}/{_veri_name(shot)}"


def _finish_veri(root: Path, done: RenderedSet) -> Counts:
    train = sorted((shot for shot in done.shots if shot.train), key=_veri_name)
    test = sorted((shot for shot in done.shots if not shot.train), key=_veri_name)
    query = sorted(queries(test, apart=False), key=_veri_name)
    folder = root / "image_query"
    folder.mkdir()
    for shot in query:
        shutil.copyfile(root / _veri_file(shot), folder / _veri_name(shot))
    for name, shots in (("train", train), ("test", test), ("query", query)):
        _write(root / f"name_{name}.txt", (_veri_name(shot) for shot in shots))
    for name, shots in (("train", train), ("test", test)):
        _write(root / f"{name}_label.xml", _labels(shots, done.descriptions, train=name == "train"))
        _write(root / f"keypoint_{name}.txt", (_orientation(shot, done.views[shot.place]) for shot in shots))
    _write_matches(root, query, test)
    tracks: dict[tuple[int, ...], list[str]] = {}
    for shot in test:
        tracks.setdefault(shot.track, []).append(_veri_name(shot))
    _write(root / "test_track.txt", (" ".join(names) for names in tracks.values()))
    _write(root / "list_color.txt", (f"{k} {word}" for k, word in sorted(done.subject.colours.items())))
    _write(root / "list_type.txt", (f"{k} {word}" for k, word in sorted(done.subject.kinds.items())))
    return Counts(len(train), len(query), len(test))


def _labels(shots: Sequence[Shot], descriptions: Sequence[Description], *, train: bool) -> list[str]:
    lines = ['<?xml version="1.0" encoding="utf-8"?>', f'<{"Training" if train else "Test"}Images Version="1.0">']
    lines.append(f'  <Items number="{len(shots)}">')
    for shot in shots:
        about = descriptions[shot.identity]
        lines.append(
            f'    <Item imageName="{_veri_name(shot)}" vehicleID="{shot.number:04d}" cameraID="c{shot.camera:03d}" '
            f'colorID="{about.colour}" typeID="{about.kind}"/>'
        )
    return [*lines, "  </Items>", f"</{'Training' if train else 'Test'}Images>"]


def _orientation(shot: Shot, view: int) -> str:
    """One line of the keypoint files: the image, twenty points (none is known here), the orientation."""
    return f"{_veri_file(shot)} {' '.join(['-1 -1'] * 20)} {view}"


def _write_matches(root: Path, query: Sequence[Shot], test: Sequence[Shot]) -> None:
    """gt_index and jk_index: for each query the lines (from 1) of name_test.txt that match, or are to be ignored."""
    own: dict[int, list[tuple[int, int]]] = {}
    for line, shot in enumerate(test, start=1):
        own.setdefault(shot.number, []).append((line, shot.camera))
    good = [[line for line, camera in own[shot.number] if camera != shot.camera] for shot in query]
    junk = [[line for line, camera in own[shot.number] if camera == shot.camera] for shot in query]
    _write(root / "gt_index.txt", (" ".join(map(str, lines)) for lines in good))
    _write(root / "jk_index.txt", (" ".join(map(str, lines)) for lines in junk))


def _market_name(shot: Shot) -> str:
    return f"{shot.number:04d}_c{shot.camera}s1_{shot.frame:06d}_01.jpg"


def _market_file(shot: Shot) -> str:
    return f"{'bounding_box_train' if shot.train else 'bounding_box_test'}/{_market_name(shot)}"


def _finish_market(root: Path, done: RenderedSet) -> Counts:
    query = queries(done.shots, apart=True)
    folder = root / "query"
    folder.mkdir()
    for shot in query:
        (root / _market_file(shot)).rename(folder / _market_name(shot))
        mask = root / "masks" / mask_name(_market_file(shot))
        if mask.exists():
            moved = root / "masks" / mask_name(f"query/{_market_name(shot)}")
            moved.parent.mkdir(exist_ok=True)
            mask.rename(moved)
    train = sum(shot.train for shot in done.shots)
    return Counts(train, len(query), len(done.shots) - train - len(query))


def mask_name(file: str) -> str:
    """Where, below masks/, the mask of an image lies.

    >>> mask_name("image_test/0001_c001_00000005_0.jpg")
    'image_test/0001_c001_00000005_0.png'
    """
    return str(Path(file).with_suffix(".png"))


def _write(path: Path, lines: Iterable[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


LAYOUTS: Mapping[str, DiskLayout] = MappingProxyType(
    {
        "veri776": DiskLayout(_veri_file, _finish_veri, 200 / 776),
        "market1501": DiskLayout(_market_file, _finish_market, 750 / 1501),
    }
)
"""The layouts that can be written: name -> DiskLayout."""
