"""Hits by cosine similarity: float32 products tile by tile, float64 for the pairs whose order rounding could change.

b = queries, c = entries of a tile, D = numbers in a vector.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reseen.metrics.embedded import Vectors
from reseen.metrics.kernels.blas import one_blas_thread
from reseen.metrics.kernels.segments import Rows, cut, offsets, owners, ranges
from reseen.metrics.kernels.team import Team
from reseen.metrics.ranking.ranks import Asked, CountTile, Hits, Tile, ask, by_identity, count_values
from reseen.metrics.ranking.thresholds import Contested
from reseen.metrics.selection.selection import Matches, Selection
from reseen.metrics.selection.trials import Trial, matches_in
from reseen.metrics.similarity import Units, exact_similarity, in_range, too_close, unit_vectors

QUERIES, PICTURES = 512, 2048
"""Similarities that each thread holds at once: 4 MB."""

BYTES = 256_000_000
BYTES_A_MATCH = 160
"""Queries are asked together while their vectors and their matches, in all arrays about them, stay below ``BYTES``."""


class Ranked(NamedTuple):
    """Rows of the queries and the hits of their matches."""

    queries: Rows
    hits: Hits


HitsOfTrial = Callable[[Trial], Iterator[Ranked]]


class Cosine:
    """Exact similarities of queries to entries, and the tiles that the entries of a trial make."""

    def __init__(self, query: Vectors, selection: Selection, *, team: Team, device: str = "cpu") -> None:
        self._query, self._gallery = in_range(query), in_range(selection.gallery)
        self._selection, self._team, self._device = selection, team, device
        self._lengths = np.diff(selection.starts)
        self._has_tracks = bool((self._lengths != 1).any())

    def exact(self, queries: Rows, entries: Rows) -> NDArray[np.float64]:
        """(n,) queries and entries -> (n,) similarity, an entry's being its nearest picture's."""
        found = exact_similarity(
            self._query,
            self._gallery,
            query_rows=np.repeat(queries, self._lengths[entries]),
            gallery_rows=self._pictures(entries),
            team=self._team,
        )
        return np.maximum.reduceat(found, self._starts(entries)[:-1]) if self._has_tracks and len(found) else found

    def hits(self, trial: Trial) -> Iterator[Ranked]:
        """The hits of a trial's queries, as many at once as fit into memory."""
        weights = self._query.shape[1] * 4 + BYTES_A_MATCH * self._selection.groups.length[trial.queries]
        for part in cut(weights, limit=BYTES):
            matches = matches_in(self._selection, trial, trial.queries[part])
            if len(matches.queries):
                yield Ranked(matches.queries, self._count(matches, trial.columns))

    def _count(self, matches: Matches, columns: Rows) -> Hits:
        owner = matches.queries[owners(np.diff(matches.first))]
        identities = self._selection.identities
        similarity, margin = self.exact(owner, matches.entries), too_close(self._query.shape[1]) / 2
        asked = ask(matches, similarity, identities=identities.query[matches.queries], margin=margin)
        count_tile = self._counter(asked, unit_vectors(self._query, matches.queries, team=self._team))
        for part in cut(self._lengths[columns], limit=PICTURES):
            entries = columns[part]
            tile = Tile(entries, identities.gallery[entries], self._starts(entries) if self._has_tracks else None)
            units = unit_vectors(self._gallery, self._pictures(entries), team=self._team)
            for contested in count_tile(units, tile):
                rivals = entries[contested.columns]
                asked.settle(
                    contested, entries=rivals, similarity=self.exact(matches.queries[contested.queries], rivals)
                )
        return asked.hits()

    def _counter(self, asked: Asked, units: Units) -> CountTile:
        if self._device == "cpu":
            return count_on_cpu(asked, units, team=self._team)
        from reseen.metrics.ranking.on_device import count_on_device

        return count_on_device(asked, units, device=self._device)

    def _pictures(self, entries: Rows) -> Rows:
        """(n,) entries -> rows of their pictures in the gallery, entry after entry."""
        return self._selection.kept[ranges(self._selection.starts[entries], self._lengths[entries])]

    def _starts(self, entries: Rows) -> Rows:
        return offsets(self._lengths[entries])


def count_on_cpu(asked: Asked, units: Units, *, team: Team) -> CountTile:
    """The (b, D) units of the queries asked -> how to count a tile, with numpy's product and the compiled loops.

    Each thread makes the products of its own queries and counts them.
    """

    def count_tile(tile_units: Units, tile: Tile) -> list[Contested]:
        hidden = by_identity(tile)

        def work(part: slice) -> list[Contested]:
            rows = range(part.start, part.stop, QUERIES)
            room = np.empty((min(QUERIES, part.stop - part.start), len(tile_units)), dtype=np.float32)
            found = []
            for begin in rows:
                some = units[begin : min(begin + QUERIES, part.stop)]
                values = np.matmul(some, tile_units.T, out=room[: len(some)])
                found.append(count_values(asked, values, hidden, begin=begin))
            return found

        with one_blas_thread():
            return [contested for found in team.share(len(units), work) for contested in found]

    return count_tile
