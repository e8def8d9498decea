"""Tracks from wherever they are: a table, CityFlow's layout, or MOT text."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from reseen.data.tracks.boxes import Found, Tracks, checked
from reseen.data.tracks.city import camera_folders, read_city
from reseen.data.tracks.clock import Clock, shifted
from reseen.data.tracks.folder import mot_files, read_folder
from reseen.data.tracks.table import read_table
from reseen.errors import ReseenError

EXPECTS = (
    "a .csv or .parquet table of boxes, a folder in the layout of CityFlow (S01/c001/mtsc/mtsc_*.txt), "
    "or MOT text (one .txt a camera)"
)
_TABLES = (".csv", ".parquet")


def read_tracks(
    source: Path | str,
    *,
    offsets: Mapping[str, float] | None = None,
    rate: float | Mapping[str, float] | None = None,
    crops: bool | None = None,
    tracker: str | None = None,
) -> Tracks:
    """Read the tracks of one or more cameras.

    Args:
        source: One of: a .csv or .parquet table with the columns camera, track, left, top, width, height (pixels, the
            first is 0), time (seconds) or frame, and if known confidence, image (a file, relative to the table) and
            kind (such as person or vehicle: tracks of two kinds are never linked);
            a folder in the layout of CityFlow and the AI City Challenge, or one of its scenarios; a folder with one
            MOT text file a camera, or one such file.
        offsets: Seconds to add to the times of a camera, by its name: where clocks differ.
        rate: Frames a second, of all cameras or by camera's name. Without it, what the data say, and 10 where they do
            not.
        crops: Whether a table's images show boxes alone. Without it: unless several boxes share an image.
        tracker: Where CityFlow's folders hold the tracks of several trackers, the one to read (mtsc_NAME.txt).

    Returns:
        The tracks, checked and sorted; their notes say what was changed.

    Raises:
        ReseenError: There are no tracks, columns or values are missing, a track has two boxes in one frame, a camera
            is unknown or has two rates.

    Example (not run):
        ```python
        tracks = read_tracks("data/crossing", offsets={"c003": -1.5})
        ```
    """
    path = Path(source)
    found = _found(path, clock=Clock(rate, path), crops=crops, tracker=tracker)
    tracks = checked(found, path)
    starts = {name: tracks.numbering.starts.get(name, 0.0) + (offsets or {}).get(name, 0.0) for name in tracks.cameras}
    return replace(
        tracks, boxes=shifted(tracks.boxes, offsets, path), numbering=tracks.numbering._replace(starts=starts)
    )


def _found(path: Path, *, clock: Clock, crops: bool | None, tracker: str | None) -> Found:
    if path.is_file() and path.suffix.lower() in _TABLES:
        return read_table(path, clock=clock, crops=crops)
    if camera_folders(path):
        return read_city(path, clock=clock, tracker=tracker)
    if path.suffix.lower() == ".txt" if path.is_file() else mot_files(path):
        return read_folder(path, clock=clock)
    tables = [file for file in path.glob("*") if file.suffix.lower() in _TABLES] if path.is_dir() else []
    if len(tables) == 1:
        return read_table(tables[0], clock=clock, crops=crops)
    got = "no such file or folder" if not path.exists() else "got neither"
    raise ReseenError(f"{path}: expected {EXPECTS}; {got}")
