"""Hits by cosine similarity: float32 products tile by tile, float64 for the pairs whose order rounding could change.

b = queries, c = entries of a tile, D = numbers in a vector.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from reseen.blas import one_blas_thread
from reseen.metrics.array_types import Float64, Indices, UnitVectors, Vectors
from reseen.metrics.kernels.ragged import cut, offsets, owners, ranges
from reseen.metrics.kernels.threads import RowThreads
from reseen.metrics.ranking.ranks import CountTile, Hits, RivalCounter, rival_counter
from reseen.metrics.ranking.selection import Matches, Selection
from reseen.metrics.ranking.thresholds import CloseCalls
from reseen.metrics.ranking.tiles import Tile, by_identity
from reseen.metrics.ranking.trials import Trial, matches_in
from reseen.metrics.similarity import exact_similarity, too_close
from reseen.metrics.unit_vectors import in_range, unit_vectors

QUERIES, IMAGES = 512, 2048
"""Similarities that each thread holds at once: 4 MB."""

BYTES = 256_000_000
BYTES_A_MATCH = 160
"""Queries are ranked together while their vectors and all arrays about their matches stay below ``BYTES``."""


class QueryHits(NamedTuple):
    """Rows of some queries and the hits of their matches."""

    queries: Indices
    hits: Hits


HitsOfTrial = Callable[[Trial], Iterator[QueryHits]]


class Cosine:
    """Ranks the entries of a trial for its queries by cosine similarity."""

    def __init__(self, query: Vectors, selection: Selection, *, threads: RowThreads, device: str = "cpu") -> None:
        self._query, self._gallery = in_range(query), in_range(selection.gallery)
        self._selection, self._threads, self._device = selection, threads, device
        self._lengths = np.diff(selection.starts)
        self._has_tracks = bool((self._lengths != 1).any())

    def exact(self, queries: Indices, entries: Indices) -> Float64:
        """(n,) queries and entries -> (n,) similarity, an entry's being its nearest image's."""
        similarity = exact_similarity(
            self._query,
            self._gallery,
            query_rows=np.repeat(queries, self._lengths[entries]),
            gallery_rows=self._images(entries),
            threads=self._threads,
        )
        if not self._has_tracks or not len(similarity):
            return similarity
        return np.maximum.reduceat(similarity, self._starts(entries)[:-1])

    def hits(self, trial: Trial) -> Iterator[QueryHits]:
        """The hits of a trial's queries, as many at once as fit into memory."""
        weights = self._query.shape[1] * 4 + BYTES_A_MATCH * self._selection.groups.length[trial.queries]
        for part in cut(weights, limit=BYTES):
            matches = matches_in(self._selection, trial, trial.queries[part])
            if len(matches.queries):
                yield QueryHits(matches.queries, self._rank(matches, trial.columns))

    def _rank(self, matches: Matches, columns: Indices) -> Hits:
        owner = matches.queries[owners(np.diff(matches.first))]
        identities = self._selection.identities
        similarity, margin = self.exact(owner, matches.entries), too_close(self._query.shape[1]) / 2
        counter = rival_counter(matches, similarity, identities=identities.query[matches.queries], margin=margin)
        count_tile = self._tile_counter(counter, unit_vectors(self._query, matches.queries, threads=self._threads))
        for part in cut(self._lengths[columns], limit=IMAGES):
            entries = columns[part]
            tile = Tile(entries, identities.gallery[entries], self._starts(entries) if self._has_tracks else None)
            units = unit_vectors(self._gallery, self._images(entries), threads=self._threads)
            for close_calls in count_tile(units, tile):
                rivals = entries[close_calls.columns]
                exact = self.exact(matches.queries[close_calls.queries], rivals)
                counter.decide(close_calls, entries=rivals, similarity=exact)
        return counter.hits()

    def _tile_counter(self, counter: RivalCounter, units: UnitVectors) -> CountTile:
        if self._device == "cpu":
            return count_on_cpu(counter, units, threads=self._threads)
        from reseen.metrics.ranking.on_device import count_on_device

        return count_on_device(counter, units, device=self._device)

    def _images(self, entries: Indices) -> Indices:
        """(n,) entries -> rows of their images in the gallery, entry after entry."""
        return self._selection.kept[ranges(self._selection.starts[entries], self._lengths[entries])]

    def _starts(self, entries: Indices) -> Indices:
        return offsets(self._lengths[entries])


def count_on_cpu(counter: RivalCounter, units: UnitVectors, *, threads: RowThreads) -> CountTile:
    """The (b, D) units of the counter's queries -> how to count a tile, with numpy's product and the compiled loops.

    Each thread makes the products of its own queries and counts them.
    """

    def count_tile(tile_units: UnitVectors, tile: Tile) -> list[CloseCalls]:
        ordered = by_identity(tile)

        def work(part: slice) -> list[CloseCalls]:
            buffer = np.empty((min(QUERIES, part.stop - part.start), len(tile_units)), dtype=np.float32)
            close_calls = []
            for begin in range(part.start, part.stop, QUERIES):
                queries = units[begin : min(begin + QUERIES, part.stop)]
                values = np.matmul(queries, tile_units.T, out=buffer[: len(queries)])
                close_calls.append(counter.count(values, ordered, begin=begin))
            return close_calls

        with one_blas_thread():
            return [calls for of_part in threads.share(len(units), work) for calls in of_part]

    return count_tile
