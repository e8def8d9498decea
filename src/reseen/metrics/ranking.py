"""From the ranks of a query's matches to its average precision, CMC row and inverse negative penalty.

M = matches of the query, h = 1..M counts them in rank order, r_h = the rank of the h-th.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from reseen.errors import ReseenError, unknown
from reseen.metrics.counting import Counts, Hits

AveragePrecision = Callable[[Hits], float]


def rectangle(hits: Hits) -> float:
    """Mean of the precision h / r_h at each match: the field's usual definition."""
    return float(np.mean(np.arange(1, len(hits.ranks) + 1) / hits.ranks))


def trapezoid(hits: Hits) -> float:
    """Mean of the precisions at each match and one rank before it, the latter 1 at rank 0.

    The area under straight lines between the points of the precision-recall curve, as the Oxford buildings
    and the first Market-1501 evaluations drew it.
    """
    found = np.arange(1, len(hits.ranks) + 1)
    before = np.where(hits.ranks == 1, 1.0, (found - 1) / np.maximum(hits.ranks - 1, 1))
    return float(np.mean((before + found / hits.ranks) / 2))


def old_sklearn(hits: Hits) -> float:
    """As ``trapezoid``, but entries that tie are one point of the curve: scikit-learn up to 0.18."""
    starts, inverse, sizes = np.unique(hits.beaten_by, return_inverse=True, return_counts=True)
    ends = starts.copy()
    ends[inverse] += hits.tied
    found = sizes.cumsum()
    before = np.where(starts == 0, 1.0, (found - sizes) / np.maximum(starts, 1))
    return float((sizes * (before + found / ends) / 2).sum() / len(hits.ranks))


AVERAGE_PRECISIONS: Mapping[str, AveragePrecision] = MappingProxyType(
    {"rectangle": rectangle, "trapezoid": trapezoid, "old-sklearn": old_sklearn}
)


def find_average_precision(name: str) -> AveragePrecision:
    """An average precision by name. ReseenError names the known ones."""
    if name not in AVERAGE_PRECISIONS:
        raise ReseenError(unknown("average precision", name, AVERAGE_PRECISIONS))
    return AVERAGE_PRECISIONS[name]


def inverse_negative_penalty(hits: Hits) -> float:
    """M / r_M, the share of matches down to the last one: Ye et al., TPAMI 2021, eq. 3."""
    return len(hits.ranks) / int(hits.ranks[-1])


def cumulative_matches(first_hits: Counts, *, length: int) -> NDArray[np.float64]:
    """(E,) ranks of the first matches -> (length,) share of queries with a match by rank k = 1, 2, ...

    Always ``length`` long: a gallery with fewer entries leaves the curve flat at its last value.
    """
    counts = np.bincount(np.minimum(first_hits, length + 1), minlength=length + 2)
    return np.asarray(counts[1 : length + 1].cumsum() / len(first_hits), dtype=np.float64)
