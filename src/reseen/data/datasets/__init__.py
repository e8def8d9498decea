"""The layouts that a data set may have on disk: one reader a file, one line a reader in the table below."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from reseen.data.datasets import (
    cityflow,
    cuhk03,
    dukemtmc,
    folder,
    market1501,
    msmt17,
    table,
    vehicleid,
    veri776,
    veriwild,
    wildlife,
)
from reseen.data.datasets.layout import Layout
from reseen.data.table import Splits
from reseen.data.walking import check_names
from reseen.errors import ReseenError, unknown
from reseen.signatures import supplied

LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {
        **cuhk03.LAYOUTS,
        "dukemtmc": dukemtmc.LAYOUT,
        "market1501": market1501.LAYOUT,
        "msmt17": msmt17.LAYOUT,
        "cityflow": cityflow.LAYOUT,
        "veri776": veri776.LAYOUT,
        **vehicleid.LAYOUTS,
        **veriwild.LAYOUTS,
        "wildlife": wildlife.LAYOUT,
        "table": table.LAYOUT,
        "folder": folder.LAYOUT,
    }
)
"""Name -> layout; "auto" takes the first, in this order, that recognises the folder."""


def read_data(path: Path | str, *, layout: str = "auto", seed: int = 0, allow_unparsed: bool = False) -> Splits:
    """Read a data set: a folder in one of the ``LAYOUTS``, or a CSV or Parquet table.

    Args:
        path: The folder or file.
        layout: The layout's name; "auto" for the first that recognises the path.
        seed: Decides the split of layouts that bring none.
        allow_unparsed: List files whose names do not parse in ``Splits.unparsed``, instead of raising.

    Raises:
        ReseenError: There is no such path, no layout fits, or the data are incomplete.

    Example (not run):
        ```python
        splits = read_data("Market-1501-v15.09.15")
        len(splits.train), splits.query.camera_names
        ```
    """
    path = Path(path).expanduser().resolve()
    if not path.exists():
        raise ReseenError(f"{path}: no such folder or file; expected a data set's folder, or a CSV or Parquet file")
    check_names([], path)
    read = LAYOUTS[choose_layout(path, layout)].read
    splits = read(path, **supplied(read, seed=seed))
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
    chosen = next((name for name, candidate in LAYOUTS.items() if candidate.recognise(path)), None)
    if chosen is not None:
        return _only_of_its_set(path, chosen)
    found = "an empty folder" if path.is_dir() and not any(path.iterdir()) else "none of these"
    raise ReseenError(
        f"{path}: expected a data set, got {found}; give {LAYOUTS['folder'].expects}, or {LAYOUTS['table'].expects},"
        f" or a known set as it is given out (reseen datasets NAME says how): {', '.join(LAYOUTS)}"
    )


def _only_of_its_set(path: Path, chosen: str) -> str:
    """The layout, unless the folder is also in another layout of the same set."""
    about = LAYOUTS[chosen].about
    fitting = [name for name, other in LAYOUTS.items() if other.about is about and other.recognise(path)]
    if len(fitting) > 1:
        raise ReseenError(
            f"{path}: holds {about.title} in several layouts; choose one with --layout, or data.layout in a recipe:"
            f" {', '.join(fitting)}"
        )
    return chosen
