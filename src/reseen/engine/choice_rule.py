"""What the tasks share when they choose the network that a run hands over: only a sure gain counts."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from reseen.metrics import Estimate

CONFIDENCE = 0.95
ALIKE = 0.001
"""Scores, as fractions, that count as alike: a tenth of a point."""


class Compared(Protocol):
    """A scored candidate, and its gain over the untrained network; None for that network itself."""

    @property
    def candidate(self) -> Any:
        """The candidate, which has words and a ``simplicity``."""
        ...

    @property
    def gain(self) -> Estimate | None:
        """As a fraction, with its interval."""
        ...


ComparedT = TypeVar("ComparedT", bound=Compared)


def is_sure(gain: Estimate | None) -> bool:
    """Whether the whole interval of a gain is above zero."""
    return gain is not None and gain.low > 0


def best_of_sure(outcomes: Sequence[ComparedT], *, score: Callable[[ComparedT], float]) -> ComparedT | None:
    """The simplest of those whose gain is sure and whose score is the best or alike; None where no gain is sure."""
    sure = [outcome for outcome in outcomes if is_sure(outcome.gain)]
    if not sure:
        return None
    best = max(map(score, sure))
    alike = [outcome for outcome in sure if score(outcome) >= best - ALIKE]
    return min(alike, key=lambda outcome: outcome.candidate.simplicity)


def best_gain_in_words(outcomes: Sequence[ComparedT], *, score: Callable[[ComparedT], float]) -> str:
    """The clause about the candidate that is best if chance is not asked; "" where none was compared."""
    compared = [outcome for outcome in outcomes if outcome.gain is not None]
    if not compared:
        return ""
    best = max(compared, key=score)
    assert best.gain is not None, "those without a gain are left out"
    return f"; the best, {best.candidate}, gains {in_points(best.gain)}"


def in_points(gain: Estimate) -> str:
    """A gain in percentage points.

    >>> in_points(Estimate(0.05, 0.012, 0.09))
    '+5.0 points (95 % interval +1.2 to +9.0)'
    """
    value, low, high = (100 * number for number in gain)
    return f"{value:+.1f} points (95 % interval {low:+.1f} to {high:+.1f})"
