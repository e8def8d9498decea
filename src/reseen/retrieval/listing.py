"""The pictures of a folder or a table, one row each."""

from pathlib import Path

import polars

from reseen.data.datasets.table import load_table
from reseen.data.table import first
from reseen.data.walking import SUFFIXES, check_names, pictures_below
from reseen.errors import ReseenError, unknown

_EXPECTS = "a folder of pictures, or a .csv or .parquet table with a column path"


def list_pictures(source: Path) -> polars.DataFrame:
    """``path`` (absolute, each once) and, of a table, its other columns as they are.

    Of a folder: every picture in it and below, linked folders too, sorted; what begins with a dot is left out. Relative
    paths of a table start at its own folder; whether they exist is not looked at. Raises ReseenError for a source that
    is neither, or has no picture, for paths that are missing or listed twice, and for names that are not UTF-8.
    """
    if source.is_dir():
        return _folder(source.absolute())
    frame = read_table(source)
    twice = frame["path"].filter(frame["path"].is_duplicated()).unique(maintain_order=True)
    if len(twice):
        raise ReseenError(f"{source}: {len(twice)} paths are listed more than once: {first(twice.to_list())}")
    return frame


def read_table(source: Path) -> polars.DataFrame:
    """The rows of a .csv, all as words, or of a .parquet, with their paths made absolute.

    Raises ReseenError for a file that is neither, has no row, or has rows without path.
    """
    if not source.is_file():
        raise ReseenError(f"{source}: no such file or folder; expected {_EXPECTS}")
    table = source.absolute()
    check_names([], table.parent)
    frame = _read(table)
    if "path" not in frame.columns:
        raise ReseenError(f"{table}: {unknown('column', 'path', frame.columns)}")
    if frame.is_empty():
        raise ReseenError(f"{table}: expected a row per picture, got none")
    paths = frame["path"].cast(polars.String)
    missing = paths.is_null() | (paths == "")
    if missing.any():
        raise ReseenError(f"{table}: {missing.sum()} rows without path, first in row {(missing.arg_max() or 0) + 2}")
    absolute = polars.Series("path", [str(table.parent / path) for path in paths], dtype=polars.String)
    return frame.with_columns(absolute)


def _folder(folder: Path) -> polars.DataFrame:
    found = [str(path) for path in pictures_below(folder)]
    if not found:
        raise ReseenError(f"{folder}: expected pictures ({', '.join(sorted(SUFFIXES))}), found none")
    return polars.DataFrame({"path": found})


def _read(table: Path) -> polars.DataFrame:
    if table.suffix.lower() not in {".csv", ".parquet"}:
        raise ReseenError(f"{table}: expected {_EXPECTS}")
    return load_table(table)
