"""Windows: how long it takes from one camera to another, from a file that a person writes."""

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from reseen.errors import ReseenError, unknown

_COLUMNS = ("from", "to", "shortest", "longest")
_EXPECTED = "expected rows of two cameras and two numbers of seconds: from, to, shortest, longest"


class Window(NamedTuple):
    """Seconds from when an individual leaves ``origin`` to when it comes into view of ``target``.

    ``links``: how many confident links it was learned from; 0 for one that was given. ``kind``: of whom it holds, such
    as "person"; "" for all who have none of their own.
    """

    origin: str
    target: str
    shortest: float
    longest: float
    links: int = 0
    kind: str = ""


def read_topology(path: Path | str) -> tuple[Window, ...]:
    """Read a topology: which travel times between two cameras are possible.

    A row holds both ways, unless the way back has a row of its own. What is faster than ``shortest`` cannot be one
    individual; what is slower than ``longest`` is not linked directly. Pairs of cameras without a row have no limits.

    Args:
        path: A .csv file with the columns from, to, shortest, longest, or a .toml file with ``[[window]]`` tables of
            the same names. A column kind, which may be missing or empty, says whom a row is about.

    Raises:
        ReseenError: No such file, another form, a window that ends before it begins, or a pair that has two rows.
    """
    path = Path(path)
    if not path.is_file():
        raise ReseenError(f"{path}: no such file; expected a topology, .csv or .toml")
    windows = [_window(row, path) for row in _rows(path)]
    given = {(window.origin, window.target, window.kind) for window in windows}
    if len(given) < len(windows):
        raise ReseenError(f"{path}: a pair of cameras has two rows; expected one each way")
    back = [
        window._replace(origin=window.target, target=window.origin)
        for window in windows
        if (window.target, window.origin, window.kind) not in given
    ]
    return (*windows, *back)


def require_known(windows: Iterable[Window], cameras: Sequence[str], *, source: object) -> None:
    """ReseenError where a window names a camera that has no track."""
    for window in windows:
        for camera in (window.origin, window.target):
            if camera not in cameras:
                raise ReseenError(f"{source}: {unknown('camera', camera, cameras)}")


def _rows(path: Path) -> list[dict[str, object]]:
    try:
        if path.suffix == ".toml":
            rows = tomllib.loads(path.read_text(encoding="utf-8")).get("window")
        else:
            rows = pl.read_csv(path, infer_schema=False).to_dicts()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, pl.exceptions.PolarsError) as error:
        raise ReseenError(f"{path}: {_EXPECTED}; it cannot be read: {str(error).splitlines()[0]}") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ReseenError(f"{path}: {_EXPECTED}, as [[window]] tables")
    return rows


def _window(row: dict[str, object], path: Path) -> Window:
    if set(row) - {"kind"} != set(_COLUMNS):
        raise ReseenError(f"{path}: {_EXPECTED}; got {', '.join(row) or 'nothing'}")
    try:
        shortest, longest = float(str(row["shortest"])), float(str(row["longest"]))
    except ValueError:
        raise ReseenError(f"{path}: {_EXPECTED}; got {row['shortest']} and {row['longest']}") from None
    if not shortest <= longest:
        raise ReseenError(f"{path}: {row['from']} to {row['to']}: shortest {shortest:g} is above longest {longest:g}")
    kind = str(row.get("kind") or "").strip()
    return Window(str(row["from"]), str(row["to"]), shortest, longest, kind=kind)
