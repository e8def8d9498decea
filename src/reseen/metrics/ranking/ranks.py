"""The rank of each match, by counting what beats it; nothing is sorted but the matches themselves.

A query's matches are compared with each other exactly, so only its rivals, the entries of other identities, are
counted. Equal similarities stand in gallery order. b = queries, p = their matches, c = entries counted together.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reseen.metrics.kernels.kernels import best_first, best_of_each, hide
from reseen.metrics.kernels.segments import Rows, owners
from reseen.metrics.ranking.thresholds import Contested, Tally, Thresholds, count, settle
from reseen.metrics.selection.selection import Matches
from reseen.metrics.similarity import Units


class Hits(NamedTuple):
    """The matches of b queries, one query after the other, best first.

    ``first`` (b + 1,) where each query's begin; ``ranks`` (p,) from 1, ascending for each query, ties in gallery
    order; ``beaten_by`` (p,) entries that are strictly more similar; ``tied`` (p,) entries exactly as similar, the
    match itself among them.
    """

    first: Rows
    ranks: Rows
    beaten_by: Rows
    tied: Rows


class Tile(NamedTuple):
    """Entries counted together: their ``entries`` (c,) numbers and ``identities`` (c,).

    ``starts`` (c + 1,) where each entry's pictures begin; None where an entry is a picture.
    """

    entries: Rows
    identities: Rows
    starts: Rows | None


CountTile = Callable[[Units, Tile], Iterable[Contested]]
"""(c, D) units of a tile's pictures, and the tile -> what is too close to call; the rest is counted."""


class Asked(NamedTuple):
    """Queries that are asked together: their ``identities`` (b,), the thresholds of their matches, what is counted."""

    identities: Rows
    thresholds: Thresholds
    tally: Tally

    def settle(self, contested: Contested, *, entries: Rows, similarity: NDArray[np.float64]) -> None:
        """Count (n,) contested values, which belong to ``entries`` (n,), by their exact ``similarity`` (n,)."""
        settle(self.thresholds, contested, entries=entries, similarity=similarity, tally=self.tally)

    def hits(self) -> Hits:
        """What has been counted, as ranks."""
        first, _, similarity, _, _ = self.thresholds
        above = self.tally.certain + self.tally.above[:-1].cumsum()
        new = np.ones(len(similarity), dtype=np.bool_)
        new[1:] = similarity[1:] != similarity[:-1]
        new[first[:-1]] = True
        equal = np.diff(np.flatnonzero(np.append(new, True)))
        own = owners(np.diff(first))
        better = np.repeat(np.flatnonzero(new), equal) - first[own]
        place = np.arange(len(similarity)) - first[own]
        return Hits(
            first=first,
            ranks=above + self.tally.earlier[:-1].cumsum() + place + 1,
            beaten_by=above + better,
            tied=self.tally.tied[:-1].cumsum() + np.repeat(equal, equal),
        )


def ask(matches: Matches, similarity: NDArray[np.float64], *, identities: Rows, margin: float) -> Asked:
    """Matches and their (p,) exact similarities -> what rivals are counted against.

    ``identities`` (b,) of the queries; ``margin``: how far a counted value may be from its exact similarity.
    """
    order = np.empty(len(similarity), dtype=np.int64)
    best_first(matches.first, similarity, order)
    similarity = similarity[order]
    low, high = ((similarity + side).astype(np.float32) for side in (-margin, margin))
    thresholds = Thresholds(matches.first, matches.entries[order], similarity, low, high)
    steps = np.zeros((3, len(order) + 1), dtype=np.int64)
    return Asked(identities, thresholds, Tally(np.zeros(len(order), dtype=np.int64), *steps))


class ByIdentity(NamedTuple):
    """A tile in the order of its ``identities`` (c,), which belong to the entries in ``columns`` (c,)."""

    identities: Rows
    columns: Rows
    starts: Rows | None


def by_identity(tile: Tile) -> ByIdentity:
    """The tile in the order of its identities."""
    columns = np.argsort(tile.identities, kind="stable")
    return ByIdentity(tile.identities[columns], columns, tile.starts)


def count_values(asked: Asked, values: NDArray[np.float32], tile: ByIdentity, *, begin: int) -> Contested:
    """(n, pictures of the tile) similarities of the queries from ``begin`` on -> what is too close to call.

    Writes into ``values``.
    """
    queries = slice(begin, begin + len(values))
    if tile.starts is not None:
        values = best_of_entries(values, tile.starts)
    hide(values, asked.identities[queries], identities=tile.identities, columns=tile.columns)
    first = asked.thresholds.first[queries.start : queries.stop + 1]
    found = count(values, asked.thresholds, first=first, tally=asked.tally)
    return Contested(found.queries + begin, *found[1:])


def best_of_entries(values: NDArray[np.float32], starts: Rows) -> NDArray[np.float32]:
    """(b, pictures), (c + 1,) where each entry's begin -> (b, c) of each entry's nearest picture."""
    best = np.empty((len(values), len(starts) - 1), dtype=np.float32)
    best_of_each(values, starts, best)
    return best
