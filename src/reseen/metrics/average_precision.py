"""Average precision, inverse negative penalty and CMC, from the ranks of the matches.

b = queries, M = matches of a query, h = 1..M counts them in rank order, r_h = the rank of the h-th, p = all matches.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from reseen.errors import ReseenError, unknown
from reseen.metrics.array_types import Float64, Indices
from reseen.metrics.kernels.ragged import owners
from reseen.metrics.ranking.ranks import Hits

PrecisionRule = Callable[[Hits], Float64]
"""Hits -> (p,) the precision that each match adds to the mean over its query's matches."""


def rectangle(hits: Hits) -> Float64:
    """The precision h / r_h at each match: the field's usual definition."""
    return _number(hits) / hits.ranks


def trapezoid(hits: Hits) -> Float64:
    """Mean of the precision at each match and that one rank before it, the latter 1 at rank 0.

    The area under straight lines between the points of the precision-recall curve, as the Oxford buildings
    and the first Market-1501 evaluations drew it.
    """
    number = _number(hits)
    return (_precision(number - 1, hits.ranks - 1) + number / hits.ranks) / 2


def old_sklearn(hits: Hits) -> Float64:
    """As ``trapezoid``, but entries that tie are one point of the curve: scikit-learn up to 0.18."""
    new = np.ones(len(hits.ranks), dtype=np.bool_)
    new[1:] = hits.beaten_by[1:] != hits.beaten_by[:-1]
    new[hits.first[:-1]] = True
    sizes = np.diff(np.append(np.flatnonzero(new), len(new)))
    number_before = np.repeat(_number(hits)[new] - 1, sizes)
    before = _precision(number_before, hits.beaten_by)
    at_end = (number_before + np.repeat(sizes, sizes)) / (hits.beaten_by + hits.tied)
    return np.asarray((before + at_end) / 2)


AVERAGE_PRECISIONS: Mapping[str, PrecisionRule] = MappingProxyType(
    {"rectangle": rectangle, "trapezoid": trapezoid, "old-sklearn": old_sklearn}
)


def find_precision_rule(name: str) -> PrecisionRule:
    """An average precision by name. ReseenError names the known ones."""
    if name not in AVERAGE_PRECISIONS:
        raise ReseenError(unknown("average precision", name, AVERAGE_PRECISIONS))
    return AVERAGE_PRECISIONS[name]


def average_precisions(hits: Hits, precision_rule: PrecisionRule, *, depth: int | None = None) -> Float64:
    """(b,) mean of the rule over all matches of each query; a match past rank ``depth`` adds 0."""
    precisions = precision_rule(hits)
    if depth is not None:
        precisions = np.where(hits.ranks <= depth, precisions, 0)
    return np.asarray(np.add.reduceat(precisions, hits.first[:-1]) / np.diff(hits.first))


def inverse_negative_penalties(hits: Hits) -> Float64:
    """(b,) M / r_M, the share of matches down to the last one: Ye et al., TPAMI 2021, eq. 3."""
    return np.diff(hits.first) / hits.ranks[hits.first[1:] - 1]


def cumulative_matches(first_hits: Indices, *, length: int) -> Float64:
    """(E,) ranks of the first matches -> (length,) share of queries with a match by rank k = 1, 2, ...

    Always ``length`` long: a gallery with fewer entries leaves the curve flat at its last value.
    """
    counts = np.bincount(np.minimum(first_hits, length + 1), minlength=length + 2)
    return np.asarray(counts[1 : length + 1].cumsum() / len(first_hits), dtype=np.float64)


def _number(hits: Hits) -> Indices:
    """(p,) h of each match."""
    return np.arange(1, len(hits.ranks) + 1) - hits.first[owners(np.diff(hits.first))]


def _precision(matches: Indices, ranks: Indices) -> Float64:
    """Matches over ranks, 1 at rank 0."""
    return np.where(ranks == 0, 1.0, matches / np.maximum(ranks, 1))
