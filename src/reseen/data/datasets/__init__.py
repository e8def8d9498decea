"""The layouts a data set may have on disk: one reader a file, one line a reader in the table below."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from reseen.data.datasets import folder, market1501, table, veri776
from reseen.data.table import Splits
from reseen.errors import ReseenError, unknown


class Layout(NamedTuple):
    """How one layout is told, read and described.

    ``read`` takes the folder (or file) and the seed of any split it has to make. ``queries_in_gallery``:
    every query picture stands in the gallery too, under the same file name.
    """

    recognise: Callable[[Path], bool]
    read: Callable[[Path, int], Splits]
    expects: str
    queries_in_gallery: bool = False


LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {
        "market1501": Layout(market1501.recognise, market1501.read, market1501.EXPECTS),
        "veri776": Layout(veri776.recognise, veri776.read, veri776.EXPECTS, queries_in_gallery=True),
        "table": Layout(table.recognise, table.read, table.EXPECTS),
        "folder": Layout(folder.recognise, folder.read, folder.EXPECTS),
    }
)
"""Name -> layout; "auto" takes the first, in this order, that recognises the folder."""


def read_data(path: Path | str, *, layout: str = "auto", seed: int = 0, allow_unparsed: bool = False) -> Splits:
    """The data set at ``path``: a folder in one of the ``LAYOUTS``, or a CSV or Parquet table.

    ``seed`` decides the split of layouts that bring none. Files whose names do not parse are an error, unless
    ``allow_unparsed`` leaves them in ``Splits.unparsed``.
    """
    path = Path(path).expanduser().resolve()
    if not path.exists():
        raise ReseenError(f"{path}: no such folder or file; expected a data set's folder, or a CSV or Parquet file")
    splits = LAYOUTS[choose_layout(path, layout)].read(path, seed)
    if splits.unparsed and not allow_unparsed:
        left = "; ".join(left.message for left in splits.unparsed)
        raise ReseenError(f"{splits.root}: {left}; rename or remove these files")
    return splits


def choose_layout(path: Path, layout: str = "auto") -> str:
    """The name of the layout to read ``path`` with. Raises ReseenError when no layout recognises it."""
    if layout != "auto":
        if layout not in LAYOUTS:
            raise ReseenError(unknown("layout", layout, ["auto", *LAYOUTS]))
        return layout
    for name, candidate in LAYOUTS.items():
        if candidate.recognise(path):
            return name
    found = "an empty folder" if path.is_dir() and not any(path.iterdir()) else "none of these"
    expected = "; ".join(f"{name}: {candidate.expects}" for name, candidate in LAYOUTS.items())
    raise ReseenError(f"{path}: expected a data set, got {found}; the layouts are {expected}")
