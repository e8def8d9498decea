"""The first entries of each query's ranking: what sheets show.

Q = queries, K = entries shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reseen.arrays import as_array
from reseen.metrics.embedded import Embedded
from reseen.metrics.kernels.team import Team
from reseen.metrics.protocol import Protocol, find_protocol
from reseen.metrics.selection.selection import select
from reseen.metrics.similarity import exact_similarity, in_range, similarity_blocks, too_close

ABSENT_ROW = -1


@dataclass(frozen=True, eq=False)
class Rankings:
    """The K best gallery entries of some queries, best first.

    ``queries`` (Q,) rows of the query set; ``indices`` (Q, K) rows of the gallery as it was given, -1 where
    the ranking has fewer entries; ``similarity`` (Q, K) float64 cosine, NaN there; ``is_match`` (Q, K)
    whether the identity is the query's.
    """

    queries: NDArray[np.int64]
    indices: NDArray[np.int64]
    similarity: NDArray[np.float64]
    is_match: NDArray[np.bool_]


def rankings(
    query: Embedded,
    gallery: Embedded,
    *,
    protocol: str | Protocol = "market1501",
    top: int = 10,
    queries: Sequence[int] | NDArray[np.int64] | None = None,
) -> Rankings:
    """Rank the gallery's pictures for the wanted queries (default: all) in the order ``evaluate`` counts by.

    A protocol's tracks and trials change nothing here: every picture that counts stands in the ranking.
    """
    if top < 1:
        raise ValueError(f"top: expected at least 1, got {top}")
    selection = select(query, gallery, protocol=find_protocol(protocol))
    wanted = np.arange(len(query)) if queries is None else as_array(queries).astype(np.int64)
    indices = np.full((len(wanted), top), ABSENT_ROW, dtype=np.int64)
    similarity = np.full((len(wanted), top), np.nan)
    is_match = np.zeros((len(wanted), top), dtype=np.bool_)
    vectors, entries, alone = in_range(query.vectors), in_range(selection.vectors), Team(1)
    margin = too_close(query.width)
    position = 0
    for block in similarity_blocks(query.vectors, selection.vectors, queries=wanted):
        for row, values in zip(block.queries.tolist(), block.similarity, strict=True):
            matches, dropped = selection.eligible(row)
            values[dropped] = -np.inf
            rivals = _candidates(values, top=top, margin=margin)
            asked = np.full(len(rivals), row)
            exact = exact_similarity(vectors, entries, query_rows=asked, gallery_rows=rivals, team=alone)
            best = np.lexsort((rivals, -exact))[:top]
            shown = slice(0, len(best))
            indices[position, shown] = selection.kept[rivals[best]]
            similarity[position, shown] = exact[best]
            is_match[position, shown] = np.isin(rivals[best], matches)
            position += 1
    return Rankings(queries=wanted, indices=indices, similarity=similarity, is_match=is_match)


def _candidates(values: NDArray[np.float32], *, top: int, margin: float) -> NDArray[np.int64]:
    """(G,) float32 similarities -> ascending rows among which the ``top`` best in float64 certainly are."""
    if top >= len(values):
        return np.flatnonzero(values > -np.inf).astype(np.int64)
    last = np.partition(values, len(values) - top)[len(values) - top]
    floor = np.float64(last) - margin
    return np.flatnonzero((values > -np.inf) & (values >= floor)).astype(np.int64)
