"""CityFlow's layout, the AI City Challenge's: `S01/c001/mtsc/mtsc_*.txt`, `cam_timestamp/S01.txt`, `gt/gt.txt`."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from reseen.data.tracks.boxes import Found
from reseen.data.tracks.classes import CLASS_NAMES, read_classes
from reseen.data.tracks.clock import Clock
from reseen.data.tracks.folder import CameraFiles, gather
from reseen.errors import ReseenError, unknown

_SCENARIO = re.compile(r"S\d+")
_CAMERA = re.compile(r"c\d+")
_OTHER_RATES: Mapping[tuple[str, str], float] = {("S03", "c015"): 8.0}
"""CityFlow's one camera that does not have 10 frames a second, as its read-me says."""


def camera_folders(source: Path) -> list[Path]:
    """The cameras' folders of a set, of one of its splits or of one scenario; none in another layout."""
    if _SCENARIO.fullmatch(source.name) and any(_named(source, _CAMERA)):
        return list(_named(source, _CAMERA))
    scenarios = [*_named(source, _SCENARIO)]
    return [camera for scenario in scenarios for camera in _named(scenario, _CAMERA)]


def read_city(source: Path, *, clock: Clock, tracker: str | None) -> Found:
    """The boxes of all cameras of a set or of a scenario."""
    folders = camera_folders(source)
    names = [folder.name for folder in folders]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ReseenError(
            f"{source}: camera {twice[0]} stands in several scenarios; name one scenario's folder, such as "
            f"{source / folders[0].parent.name}"
        )
    files: dict[Path, dict[str, float]] = {}
    cameras = []
    for folder in folders:
        scenario = folder.parent
        starts, rates = (
            files.setdefault(path, _pairs(path))
            for path in (scenario.parent / f"{kind}/{scenario.name}.txt" for kind in ("cam_timestamp", "cam_rate"))
        )
        rate = rates.get(folder.name, _OTHER_RATES.get((scenario.name, folder.name)))
        cameras.append(CameraFiles(folder.name, _text(folder, tracker), folder, starts.get(folder.name, 0.0), rate))
    return gather(cameras, source, clock=clock, source=source, classes=city_classes(folders[0]))


def city_classes(folder: Path) -> Mapping[int, str]:
    """The names of classes, which lie beside the scenarios, for the cameras of the one in which ``folder`` is."""
    return read_classes(folder.parent.parent / CLASS_NAMES)


def _text(folder: Path, tracker: str | None) -> Path:
    """The camera's tracks: the only tracker's, or those of the one that is named."""
    texts = {path.stem.removeprefix("mtsc_"): path for path in sorted((folder / "mtsc").glob("mtsc_*.txt"))}
    if not texts:
        raise ReseenError(f"{folder}: expected tracks in mtsc/mtsc_*.txt, got none")
    if tracker is not None and tracker not in texts:
        raise ReseenError(f"{folder}: {unknown('tracker', tracker, texts)}")
    if tracker is None and len(texts) > 1:
        raise ReseenError(f"{folder}: holds tracks of several trackers ({', '.join(texts)}): say which")
    return texts[tracker] if tracker is not None else next(iter(texts.values()))


def _pairs(path: Path) -> dict[str, float]:
    """Lines `c001 12.5` of a file; empty without the file."""
    if not path.is_file():
        return {}
    pairs = {}
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        words = line.split()
        if not words:
            continue
        try:
            name, value = words
            pairs[name] = float(value)
        except ValueError:
            raise ReseenError(f"{path}: line {number}: expected a camera and a number, got '{line.strip()}'") from None
    return pairs


def _named(folder: Path, pattern: re.Pattern[str]) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if path.is_dir() and pattern.fullmatch(path.name))
