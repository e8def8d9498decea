"""Intervals for shares of pairs and of searches, which are not independent: the same identities stand in many of them.

Each is a Clopper-Pearson interval for the number of independent trials that the data are worth: the number at which
a binomial share would vary as much as this one does between identities (Korn and Graubard, Survey Methodology 24,
1998). It holds for rates near zero, where a bootstrap knows nothing that has not happened yet, and needs no seed.
I = identities.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import betaincinv, ndtri, stdtrit

Counts = NDArray[Any]
"""(I,) whole numbers, one an identity."""


class Estimate(NamedTuple):
    """A value and its confidence interval."""

    value: float
    low: float
    high: float


def clustered_rate(events: Counts, trials: Counts, *, confidence: float = 0.95) -> Estimate:
    """(I,) events among (I,) trials, each of one identity -> the share of events in all trials.

    The share is a ratio of sums over identities, its variance the linearised one. At least one trial.
    """
    total, identities = float(trials.sum()), int(np.count_nonzero(trials))
    share = float(events.sum()) / total
    residuals = events - share * trials
    variance = float(np.square(residuals).sum()) / total**2
    return _interval(share, variance, total=total, identities=identities, confidence=confidence)


def dyadic_rate(events: csr_array, *, queries: Counts, gallery: Counts, confidence: float = 0.95) -> Estimate:
    """(I, I) events among the pairs of two identities -> their share in all such pairs.

    ``events[i, j]`` counts pairs of a query of identity i and a gallery entry of identity j, its diagonal is not
    looked at; ``queries`` and ``gallery`` (I,) count the images. Two pairs may depend on each other when they have
    an identity in common, on either side: the dyadic variance of Fafchamps and Gubert (J. Development Economics 83,
    2007), not below that of independent pairs of identities. At least one pair of two identities.
    """
    queries, gallery = queries.astype(np.float64), gallery.astype(np.float64)
    events = events - _diagonal(events)
    total = float(queries.sum() * gallery.sum() - queries @ gallery)
    share = float(events.sum()) / total
    pairs = queries * (gallery.sum() - gallery) + gallery * (queries.sum() - queries)
    by_identity = events.sum(axis=0) + events.sum(axis=1) - share * pairs
    by_pair = _squared_residuals(events, share, queries=queries, gallery=gallery)
    variance = max(float(np.square(by_identity).sum()) - by_pair, by_pair) / total**2
    identities = int(np.count_nonzero(queries + gallery))
    return _interval(share, variance, total=total, identities=identities, confidence=confidence)


def _diagonal(matrix: csr_array) -> csr_array:
    values = matrix.diagonal()
    rows = np.arange(len(values))
    return csr_array((values, (rows, rows)), shape=matrix.shape)


def _squared_residuals(events: csr_array, share: float, *, queries: Counts, gallery: Counts) -> float:
    """Sum over unordered pairs of identities of (events - share * pairs) squared, without an I x I array."""
    both = (events + events.T).tocoo()
    rows, columns = both.coords
    pairs = queries[rows] * gallery[columns] + queries[columns] * gallery[rows]
    all_pairs_squared = 2 * (np.square(queries).sum() * np.square(gallery).sum() + (queries @ gallery) ** 2)
    all_pairs_squared -= 4 * np.square(queries * gallery).sum()
    squared = np.square(both.data).sum() - 2 * share * (both.data * pairs).sum() + share**2 * all_pairs_squared
    return max(float(squared) / 2, 0.0)


def _interval(share: float, variance: float, *, total: float, identities: int, confidence: float) -> Estimate:
    trials = _worth(share, variance, total=total, identities=identities, confidence=confidence)
    events, tail = share * trials, (1 - confidence) / 2
    low = float(betaincinv(events, trials - events + 1, tail)) if share > 0 else 0.0
    high = float(betaincinv(events + 1, trials - events, 1 - tail)) if share < 1 else 1.0
    return Estimate(share, low, high)


def _worth(share: float, variance: float, *, total: float, identities: int, confidence: float) -> float:
    """Independent trials that the data are worth; as many as identities where none or all are events."""
    if variance == 0 or identities < 2:
        return float(identities)
    variance *= identities / (identities - 1)
    upper = (1 + confidence) / 2
    widened = float(ndtri(upper) / stdtrit(identities - 1, upper)) ** 2
    return min(share * (1 - share) / variance * widened, total)
