"""Who was where: the true boxes of each identity, from CityFlow's gt/gt.txt, a result file or a table."""

from pathlib import Path

import polars

from reseen.data.tracks.boxes import SIDES
from reseen.data.tracks.city import camera_folders, city_classes
from reseen.data.tracks.mot import read_mot
from reseen.data.tracks.result import read_result
from reseen.data.tracks.table import boxes_of
from reseen.errors import ReseenError

_COLUMNS = ("camera", "identity", "frame", *SIDES)
_EXPECTS = (
    "a folder in the layout of CityFlow with gt/gt.txt, a .csv or .parquet table (camera, identity, frame, left, top, "
    "width, height), or a .txt of the AI City Challenge (camera_id obj_id frame_id xmin ymin width height)"
)


def read_truth(source: Path | str) -> polars.DataFrame:
    """Read the true boxes of all identities.

    Args:
        source: A folder in CityFlow's layout, or one of its scenarios, whose cameras have gt/gt.txt; a table; or a
            text file of the AI City Challenge's form.

    Returns:
        camera, identity (strings), frame, left, top, width and height, and kind where the truth says it (such as
        person), sorted by camera, frame and identity. Identities are the same over all cameras.

    Raises:
        ReseenError: There is no truth, or an identity has two boxes in one frame of a camera.

    Example (not run):
        ```python
        truth = read_truth("data/crossing")
        ```
    """
    path = Path(source)
    found = _found(path)
    truth = found.select(
        "camera",
        "identity",
        polars.col("frame").cast(polars.Int64),
        *(polars.col(side).cast(polars.Float64) for side in SIDES),
        *(["kind"] if "kind" in found.columns else []),
    )
    if truth.is_empty():
        raise ReseenError(f"{path}: expected true boxes, got none")
    key = ["camera", "identity", "frame"]
    twice = truth.filter(truth.select(key).is_duplicated())
    if len(twice):
        camera, identity, frame = twice.select(key).row(0)
        raise ReseenError(f"{path}: camera {camera}, frame {frame}: identity {identity} has several boxes")
    return truth.sort("camera", "frame", "identity")


def _found(path: Path) -> polars.DataFrame:
    if path.is_file() and path.suffix.lower() in (".csv", ".parquet"):
        return boxes_of(path, names=("camera", "identity"), needs_frame=True)
    if path.is_file():
        return read_result(path)
    texts = [folder / "gt" / "gt.txt" for folder in camera_folders(path)]
    texts = [text for text in texts if text.is_file()]
    if not texts:
        raise ReseenError(f"{path}: expected {_EXPECTS}")
    return polars.concat(_camera(text) for text in texts)


def _camera(text: Path) -> polars.DataFrame:
    """One camera's true boxes; a seventh value of 0 says that a box is not to be counted."""
    camera = text.parent.parent
    boxes = read_mot(text, classes=city_classes(camera))
    counted = boxes.filter(polars.col("confidence").fill_null(1) > 0).rename({"track": "identity"})
    return counted.drop("confidence").with_columns(camera=polars.lit(camera.name))
