"""A town on disk, in the layout of CityFlow: tracks, truth, clocks, and where the crops go."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
import polars
from PIL import Image

from reseen.data.tracks import CLASS_NAMES, write_mot
from reseen.files import write_text
from reseen.synth.crossing.detector import FRAME
from reseen.synth.crossing.noise import Detection, whole_box
from reseen.synth.crossing.watch import Sighting, Watch

SCENARIO = "S01"
TRACKER = "reseen"
CLASSES: Mapping[str, int] = MappingProxyType({"person": 1, "vehicle": 3})
"""The classes of MOT text, as MOTChallenge numbers pedestrians and cars."""
_COLUMNS = ("track", "frame", "left", "top", "width", "height", "confidence", "class")


def name_of(camera: int) -> str:
    """The name of the camera at this place (from 0): c001 is the first."""
    return f"c{camera + 1:03d}"


def crop_file(detection: Detection) -> str:
    """Where the crop of a box lies, relative to the set."""
    camera = name_of(detection.sighting.camera)
    return f"{SCENARIO}/{camera}/crops/{detection.track:04d}/{detection.frame:06d}.jpg"


def write_cameras(root: Path, watches: Sequence[Watch], *, rate: float, seconds: float) -> None:
    """The cameras' list, when each begins, its rate, its number of frames, and its region: the whole frame."""
    names = [name_of(camera) for camera in range(len(watches))]
    columns = {
        "cam_timestamp": [f"{watch.start:.3f}" for watch in watches],
        "cam_rate": [f"{rate:g}" for _ in watches],
        "cam_framenum": [str(int((seconds - watch.start) * rate)) for watch in watches],
    }
    for folder, values in columns.items():
        (root / folder).mkdir(exist_ok=True)
        lines = (f"{name} {value}\n" for name, value in zip(names, values, strict=True))
        write_text(root / folder / f"{SCENARIO}.txt", "".join(lines))
    write_text(root / "list_cam.txt", "".join(f"{SCENARIO}/{name}\n" for name in names))
    for name in names:
        for folder in ("mtsc", "gt", "crops"):
            (root / SCENARIO / name / folder).mkdir(parents=True, exist_ok=True)
        Image.new("L", FRAME, 255).save(root / SCENARIO / name / "roi.jpg")


def write_classes(root: Path) -> None:
    """What the classes in tracks and truth are."""
    write_text(root / CLASS_NAMES, "".join(f"{number} {name}\n" for name, number in CLASSES.items()))


def write_tracks(root: Path, camera: int, found: Sequence[Detection], *, classes: bool) -> None:
    """The tracks of one camera; ``classes``: each box says its kind."""
    rows = [
        (str(entry.track), entry.frame, *map(float, entry.box), entry.confidence, CLASSES[entry.sighting.kind])
        for entry in found
    ]
    write_mot(root / SCENARIO / name_of(camera) / "mtsc" / f"mtsc_{TRACKER}.txt", _table(rows, classes=classes))


def write_truth(
    root: Path, camera: int, *, passes: Sequence[Sighting], numbers: Mapping[int, int], classes: bool
) -> None:
    """The true boxes in one camera of the individuals in ``numbers``, whose identities these are."""
    still = np.random.default_rng(0)
    rows = [
        (str(numbers[own.individual]), int(frame), *map(float, whole_box(box, 0.0, still)), 1.0, CLASSES[own.kind])
        for own in passes
        if own.individual in numbers
        for frame, box in zip(own.frames, own.boxes, strict=True)
    ]
    write_mot(root / SCENARIO / name_of(camera) / "gt" / "gt.txt", _table(rows, classes=classes))


def _table(rows: Sequence[tuple[object, ...]], *, classes: bool) -> polars.DataFrame:
    kinds = [polars.String, polars.Int64, *[polars.Float64] * 5, polars.Int64]
    table = polars.DataFrame(rows, schema=dict(zip(_COLUMNS, kinds, strict=True)), orient="row")
    return table if classes else table.drop("class")
