"""The result file of the AI City Challenge: `camera_id obj_id frame_id xmin ymin width height xworld yworld`."""

import re
from pathlib import Path

import polars

from reseen.data.tracks.boxes import SIDES, refuse_unreal
from reseen.errors import ReseenError
from reseen.files import write_text

_COLUMNS = ("camera", "identity", "frame", *SIDES)


def write_result(path: Path, boxes: polars.DataFrame) -> dict[str, int]:
    """Write boxes with global identities as the AI City Challenge's evaluation reads them.

    Args:
        path: The text file; whatever stood there is replaced when the new one is complete.
        boxes: Columns camera, identity, frame, left, top, width, height; others are left out. A camera's number is
            the digits of its name (c041: 41). Coordinates are rounded; the place in the world is -1 -1.

    Returns:
        The number of each identity in the file: its own where all are whole numbers, otherwise from 1 in order of
        the names.

    Raises:
        ReseenError: A camera's name has no number, two cameras have the same, or there is no box.
    """
    if boxes.is_empty():
        raise ReseenError(f"{path}: expected boxes to write, got none")
    cameras = _camera_numbers(boxes["camera"].unique().sort().to_list())
    names = boxes["identity"].cast(polars.String).unique().sort().to_list()
    whole = all(re.fullmatch(r"\d+", name) for name in names) and len({int(name) for name in names}) == len(names)
    numbers = {name: int(name) if whole else place for place, name in enumerate(names, start=1)}
    rows = boxes.select(
        polars.col("camera").replace_strict(cameras, return_dtype=polars.Int64),
        polars.col("identity").cast(polars.String).replace_strict(numbers, return_dtype=polars.Int64),
        "frame",
        *(polars.col(side).round().cast(polars.Int64) for side in SIDES),
    ).sort("camera", "frame", "identity")
    write_text(path, "".join(f"{' '.join(map(str, row))} -1 -1\n" for row in rows.iter_rows()))
    return numbers


def read_result(path: Path) -> polars.DataFrame:
    """Read a result file, or a truth of the same form.

    Returns:
        camera (c041 for 41), identity (strings), frame, left, top, width and height.

    Raises:
        ReseenError: The file is missing or empty, or a line is not of this form.
    """
    try:
        lines = [line.replace(",", " ").split() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ReseenError(f"{path}: cannot read a result file: {reason}") from None
    kept = [(number, words) for number, words in enumerate(lines, start=1) if words]
    if not kept:
        raise ReseenError(f"{path}: expected boxes, got an empty file")
    wrong = [number for number, words in kept if len(words) < len(_COLUMNS)]
    if wrong:
        raise ReseenError(
            f"{path}: line {wrong[0]}: expected camera_id obj_id frame_id xmin ymin width height xworld yworld"
        )
    texts = polars.DataFrame([words[: len(_COLUMNS)] for _, words in kept], schema=list(_COLUMNS), orient="row")
    values = texts.with_columns(
        polars.col(name).cast(polars.Float64, strict=False) for name in ("camera", "frame", *SIDES)
    )
    refuse_unreal(values, path)
    if values["camera"].null_count():
        raise ReseenError(
            f"{path}: expected cameras as numbers, got '{texts['camera'].filter(values['camera'].is_null())[0]}'"
        )
    camera = "c" + values["camera"].cast(polars.Int64).cast(polars.String).str.zfill(3)
    return values.with_columns(camera.alias("camera"), values["frame"].cast(polars.Int64))


def _camera_numbers(names: list[str]) -> dict[str, int]:
    """The number in each camera's name."""
    numbers: dict[str, int] = {}
    for name in names:
        digits = re.findall(r"\d+", name)
        if not digits:
            raise ReseenError(f"camera '{name}': a result file needs a number in each camera's name, such as c041")
        if int(digits[-1]) in numbers.values():
            raise ReseenError(f"camera '{name}': another camera has the number {int(digits[-1])} too; rename one")
        numbers[name] = int(digits[-1])
    return numbers
