"""Lists of the rows that meet a condition, kept until the table changes, for conditions that are asked for repeatedly.

N = rows.
"""

from collections import Counter
from collections.abc import Mapping
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from lancedb.expr import Expr
from numpy.typing import NDArray

from reseen.retrieval.reader import Reader

LISTED_FROM = 4
"""Searches with one condition until its rows are listed, which costs as much as a few of them."""

_CONDITIONS = 1000
_MOST_BYTES = 64 << 20
"""Of all lists together: eight million rows."""


class Listed(NamedTuple):
    """LanceDB's numbers ``rows`` (N,) of what meets a condition in this version, sorted."""

    version: int
    rows: NDArray[np.int64]

    def is_newest(self, store: Reader) -> bool:
        """Whether there is no newer version, in which rows may have moved."""
        return store.read(lambda table: int(table.version)) == self.version


class FittingRows:
    """The lists of one version; safe to use from threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._version = -1
        self._rows: dict[str, Listed] = {}
        self._asked: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._refused: set[str] = set()

    def listed(self, store: Reader, where: Expr, *, expected: int) -> Listed | None:
        """The rows that meet the condition in the version that the store looks at; None where they are not listed.

        So many are ``expected``; more than may be kept are not read.
        """
        if 8 * expected > _MOST_BYTES:
            return None
        condition, version = where.to_sql(), store.version
        with self._lock:
            if self._version < version:
                self._version = version
                self._clear()
            if self._version != version or condition in self._refused:
                return None
            if len(self._asked) >= _CONDITIONS:
                self._clear()
            self._asked[condition] += 1
            if condition in self._rows:
                return self._rows[condition]
            if self._asked[condition] < LISTED_FROM:
                return None
        found = Listed(version, store.read(lambda table: rows_that_meet(table, where)))
        return self._keep(found, condition) if found.is_newest(store) else None

    @property
    def kept(self) -> Mapping[str, Listed]:
        """The lists in memory now, by condition."""
        return self._rows

    def count_failure(self, where: Expr) -> None:
        """Count a search that the list did not help; at one in ten the list is given up until the table changes."""
        condition = where.to_sql()
        with self._lock:
            self._failed[condition] += 1
            if self._failed[condition] >= LISTED_FROM and 10 * self._failed[condition] > self._asked[condition]:
                self._refuse(condition)

    def _keep(self, found: Listed, condition: str) -> Listed | None:
        with self._lock:
            if found.rows.nbytes > _MOST_BYTES:
                self._refuse(condition)
                return None
            if found.version == self._version:
                if sum(each.rows.nbytes for each in self._rows.values()) + found.rows.nbytes > _MOST_BYTES:
                    self._rows.clear()
                self._rows[condition] = found
        return found

    def _refuse(self, condition: str) -> None:
        self._refused.add(condition)
        self._rows.pop(condition, None)

    def _clear(self) -> None:
        for held in (self._rows, self._asked, self._failed, self._refused):
            held.clear()


def rows_that_meet(table: Any, where: Expr) -> NDArray[np.int64]:
    """LanceDB's numbers (N,) of what meets the condition, sorted."""
    found = table.search().where(where).select(["model"]).with_row_id(with_row_id=True).to_arrow()
    return np.sort(found["_rowid"].to_numpy().astype(np.int64))
