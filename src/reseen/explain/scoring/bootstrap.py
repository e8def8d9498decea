"""Intervals of scores by a bootstrap over identities.

Queries of one identity succeed and fail together, so identities are drawn, each with all its images. N = images under
one map, R = resamples.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reseen.metrics import Estimate

RESAMPLES = 2000
CONFIDENCE = 0.95

Numbers = NDArray[np.float64]


class Resampled(NamedTuple):
    """A score of N images, and of each of R resamples; scores of the same images share their resamples."""

    value: float
    draws: Numbers

    @property
    def estimate(self) -> Estimate:
        """The value and its percentile interval."""
        tail = (1 - CONFIDENCE) / 2
        low, high = np.quantile(self.draws, (tail, 1 - tail))
        return Estimate(self.value, float(low), float(high))

    def over(self, other: "Resampled") -> Estimate:
        """The difference to another score of the same images, resample by resample."""
        return Resampled(self.value - other.value, self.draws - other.draws).estimate


def resampled(values: Numbers, identities: Sequence[str], *, per: Numbers | None = None) -> Resampled:
    """The mean of ``values`` (N,), or their sum over that of ``per`` (N,), with identities drawn with replacement."""
    names, codes = np.unique(np.asarray(identities), return_inverse=True)
    below = np.ones_like(values) if per is None else per
    sums = np.stack([np.bincount(codes, weights=column) for column in (values, below)], axis=1)
    drawn = np.random.default_rng(0).multinomial(len(names), np.full(len(names), 1 / len(names)), size=RESAMPLES)
    tops, bottoms = (drawn @ sums).T
    return Resampled(float(values.sum() / below.sum()), tops / bottoms)
