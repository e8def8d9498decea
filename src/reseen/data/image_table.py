"""The images of a folder or a table, one row each."""

from pathlib import Path

import polars

from reseen.data.datasets.table import load_table, refuse_rows
from reseen.data.table import first
from reseen.data.walking import SUFFIXES, check_names, images_below
from reseen.errors import ReseenError, unknown

_EXPECTS = "a folder of images, or a .csv or .parquet table with a column path"


def list_images(source: Path) -> polars.DataFrame:
    """List the images of a folder or a table.

    Args:
        source: A folder: every image in it and below, linked folders too, sorted, without names that begin with a dot.
            Or a table with a column path; relative paths start at the table's folder, and need not exist.

    Returns:
        ``path``, absolute and each once, and the other columns of a table.

    Raises:
        ReseenError: The source is neither or has no image, a path is missing or listed twice, a name is not UTF-8.
    """
    if source.is_dir():
        return _folder(source.absolute())
    frame = read_image_table(source)
    twice = frame["path"].filter(frame["path"].is_duplicated()).unique(maintain_order=True)
    if len(twice):
        raise ReseenError(f"{source}: {len(twice)} paths are listed more than once: {first(twice.to_list())}")
    return frame


def read_image_table(source: Path) -> polars.DataFrame:
    """The rows of a .csv, all as strings, or of a .parquet, with absolute paths.

    Raises ReseenError for a file that is neither, has no row, or has rows without path.
    """
    if not source.is_file():
        raise ReseenError(f"{source}: no such file or folder; expected {_EXPECTS}")
    table = source.absolute()
    check_names([], table.parent)
    if table.suffix.lower() not in {".csv", ".parquet"}:
        raise ReseenError(f"{table}: expected {_EXPECTS}")
    frame = load_table(table)
    if "path" not in frame.columns:
        raise ReseenError(f"{table}: {unknown('column', 'path', frame.columns)}")
    if frame.is_empty():
        raise ReseenError(f"{table}: expected a row per image, got none")
    paths = frame["path"].cast(polars.String)
    refuse_rows(paths.is_null() | (paths == ""), table, "rows without path")
    absolute = polars.Series("path", [str(table.parent / path) for path in paths], dtype=polars.String)
    return frame.with_columns(absolute)


def _folder(folder: Path) -> polars.DataFrame:
    paths = [str(path) for path in images_below(folder)]
    if not paths:
        raise ReseenError(f"{folder}: expected images ({', '.join(sorted(SUFFIXES))}), found none")
    return polars.DataFrame({"path": paths})
