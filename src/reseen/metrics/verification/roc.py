"""The receiver operating characteristic from two histograms: false accepts and false rejects at every threshold.

A pair is accepted when its similarity reaches the threshold. T = 2 * STEPS + 2 thresholds, from -1 to just above 1.
"""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from reseen.metrics.array_types import Float64, Int64
from reseen.metrics.verification.pair_counts import STEPS

_POINTS = 100


class Roc(NamedTuple):
    """Points of the curve, thresholds ascending: shares of impostor pairs accepted and of genuine pairs rejected."""

    thresholds: tuple[float, ...]
    false_accept_rates: tuple[float, ...]
    false_reject_rates: tuple[float, ...]


class EqualError(NamedTuple):
    """The crossing of the two rates."""

    threshold: float
    rate: float


@dataclass(frozen=True, eq=False)
class Curve:
    """``genuine`` and ``impostor`` (T,): pairs that reach each threshold, descending."""

    genuine: Int64
    impostor: Int64

    @classmethod
    def of(cls, genuine: Int64, impostor: Int64) -> Self:
        """From (B,) histograms as in ``PairCounts``, neither of them empty."""
        return cls(_reaching(genuine), _reaching(impostor))

    def lowest_threshold(self, false_accept_rate: float) -> float:
        """The lowest threshold at which no larger share of impostor pairs is accepted."""
        return float(np.argmax(self._false_accepts() <= false_accept_rate)) / STEPS - 1

    def equal_error(self, *, accepts_moved: float = 0.0, rejects_moved: float = 0.0) -> EqualError:
        """Where false accepts no longer outnumber false rejects; on a straight line between two thresholds, if need be.

        Each rate may be moved by a number, everywhere alike: where they would cross had it been estimated so much
        too low.
        """
        accepts, rejects = self._false_accepts() + accepts_moved, self._false_rejects() + rejects_moved
        difference = accepts - rejects
        level = np.flatnonzero(difference == 0)
        if len(level):
            middle = int(level[len(level) // 2])
            return EqualError(middle / STEPS - 1, float(accepts[middle]))
        after = int(np.argmax(difference < 0))
        before = after - 1
        part = float(difference[before] / (difference[before] - difference[after]))
        nearest = after if part > 0.5 else before
        return EqualError(nearest / STEPS - 1, float(accepts[before] + part * (accepts[after] - accepts[before])))

    def points(self) -> Roc:
        """At most some 200 points, exact, evenly spaced in the logarithm of either rate."""
        accepts = _spread(self.impostor)
        rejects = _spread(self.genuine[0] - self.genuine[::-1])
        chosen = np.unique(np.concatenate([accepts, len(self.genuine) - 1 - rejects]))
        return Roc(
            tuple((chosen / STEPS - 1).tolist()),
            tuple(self._false_accepts()[chosen].tolist()),
            tuple(self._false_rejects()[chosen].tolist()),
        )

    def _false_accepts(self) -> Float64:
        return np.asarray(self.impostor / self.impostor[0])

    def _false_rejects(self) -> Float64:
        return np.asarray(1 - self.genuine / self.genuine[0])


def _reaching(histogram: Int64) -> Int64:
    """(B,) -> (B + 1,) how many lie in each bin or above."""
    return np.append(np.cumsum(histogram[::-1])[::-1], 0)


def _spread(descending: Int64) -> Int64:
    """(T,) counts -> where they first are no more than each of some levels from all to none."""
    levels = np.append(np.geomspace(1, max(int(descending[0]), 1), _POINTS - 1), 0)
    return np.searchsorted(-descending, -levels, side="left").astype(np.int64)
