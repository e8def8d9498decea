"""From the ranks of the matches to each query's average precision and inverse negative penalty, and to the CMC.

b = queries, M = matches of a query, h = 1..M counts them in rank order, r_h = the rank of the h-th, p = all matches.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from reseen.errors import ReseenError, unknown
from reseen.metrics.kernels.segments import Rows, owners
from reseen.metrics.ranking.ranks import Hits

Scores = NDArray[np.float64]
Heights = Callable[[Hits], Scores]
"""Hits -> (p,) what each match adds, before the mean over a query's matches."""


def rectangle(hits: Hits) -> Scores:
    """The precision h / r_h at each match: the field's usual definition."""
    return _found(hits) / hits.ranks


def trapezoid(hits: Hits) -> Scores:
    """Mean of the precision at each match and that one rank before it, the latter 1 at rank 0.

    The area under straight lines between the points of the precision-recall curve, as the Oxford buildings
    and the first Market-1501 evaluations drew it.
    """
    found = _found(hits)
    return (_precision(found - 1, hits.ranks - 1) + found / hits.ranks) / 2


def old_sklearn(hits: Hits) -> Scores:
    """As ``trapezoid``, but entries that tie are one point of the curve: scikit-learn up to 0.18."""
    new = np.ones(len(hits.ranks), dtype=np.bool_)
    new[1:] = hits.beaten_by[1:] != hits.beaten_by[:-1]
    new[hits.first[:-1]] = True
    sizes = np.diff(np.append(np.flatnonzero(new), len(new)))
    found_before = np.repeat(_found(hits)[new] - 1, sizes)
    before = _precision(found_before, hits.beaten_by)
    at_end = (found_before + np.repeat(sizes, sizes)) / (hits.beaten_by + hits.tied)
    return np.asarray((before + at_end) / 2)


AVERAGE_PRECISIONS: Mapping[str, Heights] = MappingProxyType(
    {"rectangle": rectangle, "trapezoid": trapezoid, "old-sklearn": old_sklearn}
)


def find_average_precision(name: str) -> Heights:
    """An average precision by name. ReseenError names the known ones."""
    if name not in AVERAGE_PRECISIONS:
        raise ReseenError(unknown("average precision", name, AVERAGE_PRECISIONS))
    return AVERAGE_PRECISIONS[name]


def average_precisions(hits: Hits, heights: Heights, *, depth: int | None = None) -> Scores:
    """(b,) mean of the heights over all of a query's matches; those past ``depth`` ranks are 0 in it."""
    added = heights(hits)
    if depth is not None:
        added = np.where(hits.ranks <= depth, added, 0)
    return np.asarray(np.add.reduceat(added, hits.first[:-1]) / np.diff(hits.first))


def inverse_negative_penalties(hits: Hits) -> Scores:
    """(b,) M / r_M, the share of matches down to the last one: Ye et al., TPAMI 2021, eq. 3."""
    return np.diff(hits.first) / hits.ranks[hits.first[1:] - 1]


def cumulative_matches(first_hits: Rows, *, length: int) -> Scores:
    """(E,) ranks of the first matches -> (length,) share of queries with a match by rank k = 1, 2, ...

    Always ``length`` long: a gallery with fewer entries leaves the curve flat at its last value.
    """
    counts = np.bincount(np.minimum(first_hits, length + 1), minlength=length + 2)
    return np.asarray(counts[1 : length + 1].cumsum() / len(first_hits), dtype=np.float64)


def _found(hits: Hits) -> Rows:
    """(p,) h of each match."""
    return np.arange(1, len(hits.ranks) + 1) - hits.first[owners(np.diff(hits.first))]


def _precision(found: Rows, ranks: Rows) -> Scores:
    """Found over ranks, 1 at rank 0."""
    return np.where(ranks == 0, 1.0, found / np.maximum(ranks, 1))
