"""How likely a pair is one individual, from the contrasts of this town's own pairs: no labels, no threshold to set.

Source: the two-groups model of Efron (Large-Scale Inference, 2010). E = pairs that are each other's best. Some of them
are right; the others are the best of those that are wrong. What wrong ones look like is seen at the second best, which
are wrong mostly; both kinds, and how many of each there are, are found by expectation and maximisation.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reseen.metrics.array_types import Float64

_ROUNDS = 200
_FEWEST = 8
"""Pairs from which a mixture is fitted."""
_LEAST_SEPARATION = 1.5
"""Standard deviations between right and wrong pairs, below which they cannot be told apart."""
_LEAST_SPREAD = 1e-3
_MOST = 8.0
"""Evidence of the appearance alone is never more, in either direction: nats."""


class Mixture(NamedTuple):
    """Evidence is ``slope`` times what a contrast is above ``threshold``: 0 there, positive for one individual.

    ``share``: of the mutual best pairs that are right, as estimated. ``separated``: right and wrong pairs can be told
    apart; where not, the threshold is above what wrong ones reach.
    """

    threshold: float
    slope: float
    share: float
    separated: bool

    def evidence(self, contrast: Float64) -> Float64:
        """(E,) -> (E,) nats, log odds."""
        if not np.isfinite(self.threshold):
            return np.full(contrast.shape, -_MOST)
        return np.asarray(np.clip(self.slope * (contrast - self.threshold), -_MOST, _MOST), dtype=np.float64)


def fit(best: Float64, wrong: Float64, *, extra: Float64 | float = 0.0) -> Mixture:
    """(E,) contrasts of mutual best pairs, and of pairs that are mostly wrong; ``extra``: (E,) other evidence."""
    if len(wrong) < 2 or len(best) < _FEWEST:
        return _above(wrong if len(wrong) else best)
    shares = [0.5, 0.1]
    right, centre = float(np.quantile(best, 0.75)), float(np.quantile(wrong, 0.3))
    spread = max(float(np.quantile(wrong, 0.3) - np.quantile(wrong, 0.05)), _LEAST_SPREAD)
    for _ in range(_ROUNDS):
        right = max(right, centre + spread / 2)
        slope, middle = (right - centre) / spread**2, (right + centre) / 2
        weights = [
            share_of(slope * (values - middle) + np.log(share / (1 - share)) + more)
            for values, share, more in zip((best, wrong), shares, (extra, 0.0), strict=True)
        ]
        shares = [float(np.clip(weight.mean(), 0.02, most)) for weight, most in zip(weights, (0.98, 0.6), strict=True)]
        before, (right, centre, spread) = right, _moments(np.concatenate([best, wrong]), np.concatenate(weights))
        if abs(right - before) < 1e-6:
            break
    kinds = _Kinds(right, centre, spread)
    if right - centre < _LEAST_SEPARATION * spread or not _proved((best, wrong), shares, kinds):
        return _above(wrong)
    slope, share = (right - centre) / spread**2, shares[0]
    return Mixture((right + centre) / 2 - np.log(share / (1 - share)) / slope, slope, share, separated=True)


class _Kinds(NamedTuple):
    """Centres of right and of wrong pairs, and the spread of both."""

    right: float
    wrong: float
    spread: float


def _proved(samples: Sequence[Float64], shares: Sequence[float], kinds: _Kinds) -> bool:
    """Whether two kinds explain the contrasts better than one does, by Schwarz's criterion: three more numbers."""
    one = np.concatenate(samples)
    single = _log_density(one, float(one.mean()), max(float(one.std()), _LEAST_SPREAD)).sum()
    double = 0.0
    for values, share in zip(samples, shares, strict=True):
        parts = [
            np.log(weight) + _log_density(values, centre, kinds.spread)
            for weight, centre in ((share, kinds.right), (1 - share, kinds.wrong))
        ]
        double += float(np.logaddexp(*parts).sum())
    return bool(2 * (double - float(single)) > 3 * np.log(len(one)))


def _log_density(values: Float64, centre: float, spread: float) -> Float64:
    """Of the normal distribution, but for what all have in common."""
    return np.asarray(-np.square((values - centre) / spread) / 2 - np.log(spread), dtype=np.float64)


def share_of(odds: Float64) -> Float64:
    """Log odds -> how likely."""
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -50, 50))), dtype=np.float64)


def _moments(values: Float64, weight: Float64) -> _Kinds:
    right = float(np.average(values, weights=weight + 1e-9))
    wrong = float(np.average(values, weights=1 - weight + 1e-9))
    squares = weight * np.square(values - right) + (1 - weight) * np.square(values - wrong)
    return _Kinds(right, wrong, max(float(np.sqrt(squares.mean())), _LEAST_SPREAD))


def _above(wrong: Float64) -> Mixture:
    """A line above all that wrong pairs reach."""
    if not len(wrong):
        return Mixture(np.inf, 0.0, 0.0, separated=False)
    low, centre, high = np.quantile(wrong, [0.25, 0.5, 0.75])
    spread = max(float(high - low) / 1.349, 0.02)
    return Mixture(float(centre) + 4 * spread, 1 / spread, 0.0, separated=False)
