"""Split and Splits: tables that say which image shows which identity, from which camera and view.

Cameras and views are names ("1", "014", "front"), as identities are; null means not known.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars

from reseen.errors import ReseenError
from reseen.types import UNKNOWN

COLUMNS = ("path", "identity", "camera", "view")
"""The columns every Split has, in this order, all strings; any others follow them."""


@dataclass(frozen=True, eq=False)
class Split:
    """One table: path (absolute), identity, camera or null, view or null, then any extra columns."""

    frame: polars.DataFrame

    def __post_init__(self) -> None:
        missing = [name for name in COLUMNS if name not in self.frame.columns]
        if missing:
            raise ValueError(f"expected the columns {', '.join(COLUMNS)}, got none named {', '.join(missing)}")
        wrong = [name for name in COLUMNS if self.frame.schema[name] != polars.String]
        if wrong:
            raise ValueError(f"expected strings in {', '.join(COLUMNS)}, got other types in {', '.join(wrong)}")
        if self.frame["path"].null_count() or self.frame["identity"].null_count():
            raise ValueError("expected a path and an identity in every row, got rows without")

    def __len__(self) -> int:
        return self.frame.height

    @property
    def paths(self) -> list[Path]:
        """Each row's image file."""
        return [Path(path) for path in self.frame["path"]]

    @property
    def identities(self) -> np.ndarray:
        """(N,) str: each row's identity."""
        return self._names("identity")

    @property
    def cameras(self) -> np.ndarray:
        """(N,) str: each row's camera, "" where it is not known."""
        return self._names("camera")

    @property
    def views(self) -> np.ndarray:
        """(N,) str: each row's view, "" where it is not known."""
        return self._names("view")

    @property
    def tracks(self) -> np.ndarray | None:
        """(N,) str: each row's track, or None for a table without the extra column ``track``."""
        return self._names("track") if "track" in self.frame.columns else None

    @property
    def identity_names(self) -> tuple[str, ...]:
        """The identities that occur, sorted: the order that labels are numbered in."""
        return self._known("identity")

    @property
    def camera_names(self) -> tuple[str, ...]:
        """The known cameras that occur, sorted."""
        return self._known("camera")

    @property
    def view_names(self) -> tuple[str, ...]:
        """The known views that occur, sorted."""
        return self._known("view")

    def numbers(self, column: str, names: Sequence[str]) -> np.ndarray:
        """(N,) int64: where each row's entry of ``column`` stands in ``names``, or ``UNKNOWN``."""
        return numbers(names, self.frame[column].to_list())

    def rows(self, keep: np.ndarray) -> "Split":
        """The rows where ``keep`` (N,) is True, or those it numbers, in its order."""
        keep = np.asarray(keep)
        chosen = self.frame.filter(keep) if keep.dtype == bool else self.frame[keep.astype(np.int64)]
        return Split(chosen)

    def _names(self, column: str) -> np.ndarray:
        return np.array(self.frame[column].cast(polars.String).fill_null("").to_list(), dtype=np.str_)

    def _known(self, column: str) -> tuple[str, ...]:
        return tuple(sorted(self.frame[column].drop_nulls().unique().to_list()))


class Unparsed(NamedTuple):
    """Image files of one folder whose names do not parse: ``names`` out of ``total`` files."""

    folder: str
    names: tuple[str, ...]
    total: int
    pattern: str

    @property
    def message(self) -> str:
        """One line: how many, an example of the pattern, the first three names."""
        count = f"{len(self.names)} of {self.total} file names in {self.folder}"
        verb = "does" if len(self.names) == 1 else "do"
        return f"{count} {verb} not parse as {self.pattern}: {first(self.names)}"


class Splits(NamedTuple):
    """A data set as it was read: the layout's name, the folder, and three tables.

    ``unparsed``: files whose names do not parse, which are in no table. ``notes``: one line for each other thing that
    the reader left out.
    """

    layout: str
    root: Path
    train: Split
    query: Split
    gallery: Split
    unparsed: tuple[Unparsed, ...] = ()
    notes: tuple[str, ...] = ()

    def tables(self) -> dict[str, Split]:
        """The three tables by name: "train", "query", "gallery"."""
        return {"train": self.train, "query": self.query, "gallery": self.gallery}


def split_of(
    paths: Sequence[Path | str],
    identities: Sequence[str],
    *,
    cameras: Sequence[str | None] | None = None,
    views: Sequence[str | None] | None = None,
    extra: Mapping[str, Sequence[object]] | None = None,
) -> Split:
    """A Split from columns of N entries each; without cameras or views, none is known.

    >>> split_of(["a.jpg", "b.jpg"], ["0002", "0007"], cameras=["1", None]).camera_names
    ('1',)
    """
    columns: dict[str, Sequence[object]] = {
        "path": [str(path) for path in paths],
        "identity": list(identities),
        "camera": _or_nulls(cameras, len(paths)),
        "view": _or_nulls(views, len(paths)),
    }
    strings = dict.fromkeys(COLUMNS, polars.String)
    return Split(polars.DataFrame({**columns, **(extra or {})}, schema_overrides=strings))


def numbers(names: Sequence[str], column: Sequence[str | None] | np.ndarray) -> np.ndarray:
    """Where each entry of a column (N,) stands in ``names``: (N,) int64, ``UNKNOWN`` for null and for others.

    >>> numbers(["0002", "0007"], ["0007", None, "0009"]).tolist()
    [1, -1, -1]
    """
    place = {name: number for number, name in enumerate(names)}
    entries = column.tolist() if isinstance(column, np.ndarray) else column
    return np.array([UNKNOWN if entry is None else place.get(entry, UNKNOWN) for entry in entries], dtype=np.int64)


def without_unreadable(split: Split, bad: Collection[Path]) -> tuple[Split, int]:
    """The split without the rows of the images in ``bad``, and how many rows that dropped.

    Raises ReseenError when no row is left.
    """
    lost = {str(path) for path in bad}
    kept = Split(split.frame.filter(~polars.col("path").is_in(sorted(lost))))
    dropped = len(split) - len(kept)
    if dropped and not len(kept):
        raise ReseenError(f"expected readable images, got none among {len(split)}: {first(sorted(lost))}")
    return kept, dropped


def first(names: Sequence[str], count: int = 3) -> str:
    """The first few names, comma-separated, and a sign that more follow.

    >>> first(["a", "b", "c", "d"])
    'a, b, c, ...'
    """
    return ", ".join(names[:count]) + (", ..." if len(names) > count else "")


def _or_nulls(column: Sequence[str | None] | None, count: int) -> Sequence[object]:
    return [None] * count if column is None else [entry or None for entry in column]
