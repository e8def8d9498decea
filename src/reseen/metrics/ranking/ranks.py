"""The rank of each match, by counting what beats it; nothing is sorted but the matches themselves.

A query's matches are compared with each other exactly, so only its rivals, the entries of other identities, are
counted. Equal similarities stand in gallery order. b = queries, p = their matches, c = entries counted together.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from reseen.metrics.array_types import Float32, Float64, Indices, UnitVectors
from reseen.metrics.kernels.ragged import owners
from reseen.metrics.ranking.selection import Matches
from reseen.metrics.ranking.thresholds import CloseCalls, ThresholdCounts, Thresholds, count, decide
from reseen.metrics.ranking.tiles import Tile, TileByIdentity, best_of_entries, hide


class Hits(NamedTuple):
    """The matches of b queries, one query after the other, best first.

    ``first`` (b + 1,) where each query's begin; ``ranks`` (p,) from 1, ascending for each query, ties in gallery
    order; ``beaten_by`` (p,) entries that are strictly more similar; ``tied`` (p,) entries exactly as similar, the
    match itself among them.
    """

    first: Indices
    ranks: Indices
    beaten_by: Indices
    tied: Indices


CountTile = Callable[[UnitVectors, Tile], Iterable[CloseCalls]]
"""(c, D) units of a tile's images, and the tile -> the values too close to call; the others are counted."""


@dataclass(frozen=True, eq=False)
class RivalCounter:
    """Counts the rivals of queries ranked together, by ``identities`` (b,) and the thresholds of their matches."""

    identities: Indices
    thresholds: Thresholds
    counts: ThresholdCounts

    def count(self, values: Float32, tile: TileByIdentity, *, begin: int) -> CloseCalls:
        """(n, images of the tile) similarities of the queries from ``begin`` on -> the values too close to call.

        Writes into ``values``.
        """
        queries = slice(begin, begin + len(values))
        if tile.starts is not None:
            values = best_of_entries(values, tile.starts)
        hide(values, self.identities[queries], identities=tile.identities, columns=tile.columns)
        first = self.thresholds.first[queries.start : queries.stop + 1]
        close_calls = count(values, self.thresholds, first=first, counts=self.counts)
        return CloseCalls(close_calls.queries + begin, *close_calls[1:])

    def decide(self, close_calls: CloseCalls, *, entries: Indices, similarity: Float64) -> None:
        """Count (n,) close calls, which belong to ``entries`` (n,), by their exact ``similarity`` (n,)."""
        decide(self.thresholds, close_calls, entries=entries, similarity=similarity, counts=self.counts)

    def hits(self) -> Hits:
        """The ranks that follow from the counts."""
        first, _, similarity, _, _ = self.thresholds
        above = self.counts.certain + self.counts.above[:-1].cumsum()
        new = np.ones(len(similarity), dtype=np.bool_)
        new[1:] = similarity[1:] != similarity[:-1]
        new[first[:-1]] = True
        equal = np.diff(np.flatnonzero(np.append(new, True)))
        query = owners(np.diff(first))
        better = np.repeat(np.flatnonzero(new), equal) - first[query]
        place = np.arange(len(similarity)) - first[query]
        return Hits(
            first=first,
            ranks=above + self.counts.earlier[:-1].cumsum() + place + 1,
            beaten_by=above + better,
            tied=self.counts.tied[:-1].cumsum() + np.repeat(equal, equal),
        )


def rival_counter(matches: Matches, similarity: Float64, *, identities: Indices, margin: float) -> RivalCounter:
    """Matches and their (p,) exact similarities -> the counter of their rivals, with nothing counted yet.

    ``identities`` (b,) of the queries; ``margin``: how far a counted value may be from its exact similarity.
    """
    order = np.lexsort((-similarity, owners(np.diff(matches.first))))
    similarity = similarity[order]
    low, high = ((similarity + side).astype(np.float32) for side in (-margin, margin))
    thresholds = Thresholds(matches.first, matches.entries[order], similarity, low, high)
    steps = np.zeros((3, len(order) + 1), dtype=np.int64)
    return RivalCounter(identities, thresholds, ThresholdCounts(np.zeros(len(order), dtype=np.int64), *steps))
