"""The choice among scored candidates: only what is surely better than the untrained network replaces it.

N = held-out images.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from reseen.engine.choice_rule import CONFIDENCE, best_gain_in_words, best_of_sure, in_points, is_sure
from reseen.engine.run import read_json
from reseen.errors import ReseenError
from reseen.metrics import Estimate
from reseen.tasks.classify.choose.candidates import Candidate

HELP = "more images of each class, a longer training or another backbone might help"


class Scored(NamedTuple):
    """A candidate, and of which held-out images it gives the right class, (N,) bool."""

    candidate: Candidate
    right: NDArray[np.bool_]


class Outcome(NamedTuple):
    """A candidate's top-1 as a fraction, and its gain over the untrained network; None for that network itself."""

    candidate: Candidate
    top1: float
    gain: Estimate | None

    @property
    def surely_better(self) -> bool:
        """Whether the whole interval of the gain is above zero."""
        return is_sure(self.gain)

    def as_dict(self) -> dict[str, Any]:
        """The row in choice.json."""
        return {
            "weights": self.candidate.weights,
            "trained_share": self.candidate.share,
            "head": self.candidate.head,
            "top1": self.top1,
            "gain": None if self.gain is None else self.gain._asdict(),
        }

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> "Outcome":
        """What ``as_dict`` gave."""
        gain = None if row["gain"] is None else Estimate(**row["gain"])
        return cls(Candidate(row["trained_share"], row["head"]), row["top1"], gain)


@dataclass(frozen=True)
class Choice:
    """Every candidate with its score, and which of them was chosen, on so many held-out images and classes."""

    outcomes: Sequence[Outcome]
    chosen: Outcome
    images: int
    classes: int

    @property
    def untrained(self) -> Outcome:
        """The network before training with the better of its heads, which the others are compared with."""
        return next(outcome for outcome in self.outcomes if outcome.gain is None)

    @property
    def untrained_kept(self) -> bool:
        """Whether nothing was surely better than the untrained network."""
        return self.chosen.gain is None

    @property
    def reason(self) -> str:
        """Why it was chosen, in a sentence."""
        chosen, on = self.chosen, f"{self.images:,} held-out images of {self.classes:,} classes"
        if chosen.gain is not None:
            return (
                f"the network handed over is {chosen.candidate}: top-1 {chosen.top1:.1%} on {on}, where it gains "
                f"{in_points(chosen.gain)} over the untrained network"
            )
        best = best_gain_in_words(self.outcomes, score=lambda outcome: outcome.top1)
        return (
            f"no candidate is surely better than the {chosen.candidate} (top-1 {chosen.top1:.1%}) on {on}"
            f"{best}; the untrained one is handed over: {HELP}"
        )

    def as_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {
            "chosen": self.chosen.as_dict(),
            "reason": self.reason,
            "untrained_kept": self.untrained_kept,
            "held_out": {"images": self.images, "classes": self.classes},
            "confidence": CONFIDENCE,
            "candidates": [outcome.as_dict() for outcome in self.outcomes],
        }


def choose(scored: Sequence[Scored], labels: NDArray[np.int64]) -> Choice:
    """Choose the network to hand over.

    The untrained network is the better of those of share 0. A candidate is eligible if the 95 % interval of its gain
    in top-1 over it, on the same images, lies above zero. The eligible one with the best top-1 is chosen; among those
    within 0.1 points of it the simplest. Without an eligible one the untrained network is kept.

    Args:
        scored: The candidates, those of share 0 among them.
        labels: (N,) classes of the held-out images.

    Returns:
        The choice, with every candidate's score.

    Example:
        >>> right = np.arange(20) < 10
        >>> scored = [Scored(Candidate(0.0, "class means"), right), Scored(Candidate(1.0, "trained"), ~right)]
        >>> choose(scored, np.arange(20) % 2).untrained_kept
        True
    """
    untrained = max((entry for entry in scored if entry.candidate.share == 0), key=lambda entry: entry.right.sum())
    outcomes = [
        Outcome(
            entry.candidate,
            float(entry.right.mean()),
            None if entry is untrained else paired_gain(entry.right, untrained.right),
        )
        for entry in scored
    ]
    return Choice(outcomes, _chosen(outcomes), images=len(labels), classes=len(np.unique(labels)))


def paired_gain(right: NDArray[np.bool_], before: NDArray[np.bool_], *, confidence: float = CONFIDENCE) -> Estimate:
    """The gain in top-1 of one network over another on the same images, with its interval.

    McNemar's exact test as an interval: Clopper and Pearson's for the share that the first wins of the images on which
    the two differ, given how many these are. It lies above zero if, and only if, the two-sided test finds the gain
    significant.

    >>> paired_gain(np.array([True] * 8), np.array([True] * 2 + [False] * 6)).low > 0
    True
    """
    won, lost = int((right & ~before).sum()), int((before & ~right).sum())
    tail, scale = (1 - confidence) / 2, (won + lost) / len(right)
    low = float(betaincinv(won, lost + 1, tail)) if won else 0.0
    high = float(betaincinv(won + 1, lost, 1 - tail)) if lost else 1.0
    return Estimate((won - lost) / len(right), (2 * low - 1) * scale, (2 * high - 1) * scale)


def _chosen(outcomes: Sequence[Outcome]) -> Outcome:
    untrained = next(outcome for outcome in outcomes if outcome.gain is None)
    return best_of_sure(outcomes, score=lambda outcome: outcome.top1) or untrained


def read_choice(path: Path) -> Choice:
    """Read a run's choice.json. ReseenError for a file that is damaged, or another."""
    values: dict[str, Any] = read_json(path)
    try:
        outcomes = [Outcome.from_dict(row) for row in values["candidates"]]
        chosen = outcomes[outcomes.index(Outcome.from_dict(values["chosen"]))]
        return Choice(outcomes, chosen, **values["held_out"])
    except (KeyError, TypeError, ValueError) as error:
        raise ReseenError(
            f"{path}: expected what `reseen classify train` wrote about its choice, got something else: {error}"
        ) from None
