"""The rank of each match, by counting what beats it; nothing is sorted but the matches themselves.

The float32 product decides whatever its rounding cannot change; pairs that are too close to call are compared
again in float64. Equal similarities stand in gallery order. M = matches of the query, G = gallery entries.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reseen.metrics.embedded import Vectors
from reseen.metrics.similarity import exact_similarity, too_close

Counts = NDArray[np.int64]


class Hits(NamedTuple):
    """A query's matches, best first.

    ``ranks`` (M,) from 1, ascending, ties in gallery order; ``beaten_by`` (M,) entries that are strictly more
    similar; ``tied`` (M,) entries exactly as similar, the match itself among them.
    """

    ranks: Counts
    beaten_by: Counts
    tied: Counts


def count_hits(similarity: NDArray[np.float32], *, matches: Counts, query: Vectors, gallery: Vectors) -> Hits:
    """(G,) similarities of one query, -inf where an entry does not count, and its (M,) match rows -> ranks.

    ``query`` (D,) and ``gallery`` (G, D) are the vectors behind the similarities.
    """
    own = similarity[matches].astype(np.float64)
    margin = too_close(len(query))
    rivals = np.flatnonzero(similarity >= own.min() - margin).astype(np.int64)
    values = similarity[rivals].astype(np.float64)
    beaten_by = _count_from(values, np.nextafter(own + margin, np.inf))
    within = _count_from(values, own - margin) - beaten_by
    tied = np.ones_like(beaten_by)
    earlier = np.zeros_like(beaten_by)
    close = np.flatnonzero(within > 1)
    if len(close):
        near = _near_any(values, own[close], margin=margin)
        near_rivals, near_values = rivals[near], values[near]
        exact = exact_similarity(query, gallery, rows=near_rivals)
        for index in close:
            row = matches[index]
            contested = np.abs(near_values - own[index]) <= margin
            difference = exact - exact[np.searchsorted(near_rivals, row)]
            equal = contested & (difference == 0)
            beaten_by[index] += np.count_nonzero(contested & (difference > 0))
            tied[index] = np.count_nonzero(equal)
            earlier[index] = np.count_nonzero(equal & (near_rivals < row))
    ranks = beaten_by + earlier + 1
    order = np.argsort(ranks)
    return Hits(ranks=ranks[order], beaten_by=beaten_by[order], tied=tied[order])


def _count_from(values: NDArray[np.float64], thresholds: NDArray[np.float64]) -> Counts:
    """(n,), (M,) -> (M,) how many values reach each threshold."""
    order = np.argsort(thresholds)
    reached = np.searchsorted(thresholds[order], values, side="right")
    histogram = np.bincount(reached, minlength=len(thresholds) + 1)
    counts = np.empty(len(thresholds), dtype=np.int64)
    counts[order] = histogram[::-1].cumsum()[-2::-1]
    return counts


def _near_any(values: NDArray[np.float64], centres: NDArray[np.float64], *, margin: float) -> NDArray[np.bool_]:
    """(n,), (m,) -> (n,) True where a value lies within the margin of any centre."""
    centres = np.sort(centres)
    above = np.searchsorted(centres, values)
    nearest_above = centres[np.minimum(above, len(centres) - 1)]
    nearest_below = centres[np.maximum(above - 1, 0)]
    return np.minimum(np.abs(nearest_above - values), np.abs(values - nearest_below)) <= margin
