"""A folder of cameras in MOT text: `<camera>.txt` beside each other, with the folder `<camera>` for images."""

import configparser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import polars

from reseen.data.opening import read_size
from reseen.data.tracks.boxes import Found, Numbering
from reseen.data.tracks.classes import CLASS_NAMES, read_classes
from reseen.data.tracks.clock import Clock
from reseen.data.tracks.mot import read_mot
from reseen.data.walking import SUFFIXES
from reseen.errors import ReseenError


class CameraFiles(NamedTuple):
    """One camera on disk: its MOT text, the folder with its images, and when its first frame was, seconds."""

    name: str
    text: Path
    folder: Path
    start: float = 0.0
    rate: float | None = None


def read_folder(source: Path, *, clock: Clock) -> Found:
    """The boxes of the .txt files of a folder, one a camera, or of one such file."""
    texts = [source] if source.is_file() else mot_files(source)
    cameras = []
    for text in texts:
        folder = text.with_suffix("")
        cameras.append(CameraFiles(text.stem, text, folder, rate=_sequence_rate(folder)))
    root = source if source.is_dir() else source.parent
    return gather(cameras, root, clock=clock, source=source, classes=read_classes(root / CLASS_NAMES))


def mot_files(folder: Path) -> list[Path]:
    """The .txt files of a folder that are tracks; none where it is no folder."""
    return sorted(path for path in folder.glob("*.txt") if path.name[0] != "." and path.name != CLASS_NAMES)


def gather(
    cameras: Sequence[CameraFiles], root: Path, *, clock: Clock, source: Path, classes: Mapping[int, str]
) -> Found:
    """The boxes of these cameras with their times, and their images: crops where there are, else frames."""
    known = {camera.name: camera.rate for camera in cameras if camera.rate is not None}
    rates = clock.by_camera([camera.name for camera in cameras], known=known)
    boxes = {camera.name: read_mot(camera.text, classes=classes) for camera in cameras}
    empty = [name for name, own in boxes.items() if own.is_empty()]
    if len(empty) == len(boxes):
        raise ReseenError(f"{source}: expected tracks in MOT text, got {len(empty)} empty files")
    crops = any((camera.folder / "crops").is_dir() for camera in cameras)
    parts = []
    for camera in cameras:
        own = boxes[camera.name]
        time = camera.start + own["frame"] / rates[camera.name]
        images = _crops(camera, root, own) if crops else _frames(camera, root, own)
        name = polars.lit(camera.name).alias("camera")
        parts.append(own.with_columns(name, time.alias("time"), images.alias("image")))
    notes = [f"camera {name} has no tracks" for name in empty]
    numbering = Numbering(
        first=1,
        rated=frozenset(known) | clock.given(boxes),
        times=False,
        starts={camera.name: camera.start for camera in cameras},
    )
    return Found(polars.concat(parts), root.absolute(), crops, _sizes(cameras), tuple(notes), numbering)


def _crops(camera: CameraFiles, root: Path, boxes: polars.DataFrame) -> polars.Series:
    """The file of each box's crop, ``crops/<track>/<frame>.jpg``, numbers with any zeros before them."""
    files = {
        (folder.name.lstrip("0") or "0", path.stem.lstrip("0") or "0"): str(path.relative_to(root))
        for folder in _listed(camera.folder / "crops")
        for path in _listed(folder)
        if path.suffix.lower() in SUFFIXES
    }
    keys = boxes.select("track", polars.col("frame").cast(polars.String)).iter_rows()
    return polars.Series([files.get((track, frame)) for track, frame in keys], dtype=polars.String)


def _frames(camera: CameraFiles, root: Path, boxes: polars.DataFrame) -> polars.Series:
    """The file of each box's frame, ``img1/<frame>.jpg`` or right in the folder."""
    files: Mapping[str, str] = {
        path.stem.lstrip("0") or "0": str(path.relative_to(root)) for path in _frame_files(camera.folder)
    }
    return polars.Series([files.get(str(frame)) for frame in boxes["frame"]], dtype=polars.String)


def _frame_files(folder: Path) -> list[Path]:
    """Images that are named by a number."""
    inner = folder / "img1"
    listed = _listed(inner if inner.is_dir() else folder)
    return [path for path in listed if path.suffix.lower() in SUFFIXES and path.stem.isdecimal()]


def _listed(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _sizes(cameras: Sequence[CameraFiles]) -> dict[str, tuple[int, int]]:
    """(width, height) of the frames of each camera whose frames or region are on disk, or whose seqinfo.ini says it."""
    sizes = {}
    for camera in cameras:
        region = camera.folder / "roi.jpg"
        example = [region] if region.is_file() else _frame_files(camera.folder)[:1]
        if example:
            height, width = read_size(example[0])
            sizes[camera.name] = (width, height)
        elif (wide := _sequence(camera.folder, "imWidth")) and (high := _sequence(camera.folder, "imHeight")):
            sizes[camera.name] = (int(wide), int(high))
    return sizes


def _sequence_rate(folder: Path) -> float | None:
    """frameRate of MOTChallenge's seqinfo.ini, or None without one."""
    return _sequence(folder, "frameRate")


def _sequence(folder: Path, name: str) -> float | None:
    """A number of MOTChallenge's seqinfo.ini, or None without one."""
    path = folder / "seqinfo.ini"
    if not path.is_file():
        return None
    parser = configparser.ConfigParser()
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
        return parser.getfloat("Sequence", name, fallback=None)
    except (configparser.Error, ValueError) as error:
        reason = str(error).split("\n", maxsplit=1)[0]
        raise ReseenError(f"{path}: expected [Sequence] with {name}: {reason}") from None
