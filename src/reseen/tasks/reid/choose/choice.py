"""The choice among scored candidates: only what is surely better replaces something simpler.

Few identities are held out of a small set, and the best of twenty candidates on them is best by chance too: on three
identities of shop cartons it was the vector after the BNNeck, by 2.5 points, and 13 points worse on the test.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from reseen.engine.choice_rule import CONFIDENCE, best_gain_in_words, in_points, is_sure
from reseen.engine.run import read_json
from reseen.errors import ReseenError
from reseen.metrics import Estimate, Report, compare
from reseen.metrics.labels import Labels
from reseen.tasks.reid.choose.candidates import Candidate

NEARLY = 0.75
"""The share of the best gain that a simpler candidate must have."""
HELP = "more identities, more images of each, a larger image or another backbone might help"

_RESAMPLES = 2000


class Scored(NamedTuple):
    """A candidate with its report on the held-out identities."""

    candidate: Candidate
    report: Report


class Outcome(NamedTuple):
    """A candidate's scores as fractions, and its gain in mAP over the untrained network with its interval.

    ``gain`` is None for the untrained network itself, and for all where a single identity is held out.
    """

    candidate: Candidate
    mean_average_precision: float
    rank1: float
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
            "mAP": self.mean_average_precision,
            "rank1": self.rank1,
            "gain": None if self.gain is None else self.gain._asdict(),
        }

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> "Outcome":
        """What ``as_dict`` gave."""
        gain = None if row["gain"] is None else Estimate(**row["gain"])
        return cls(Candidate(row["trained_share"], row["head"]), row["mAP"], row["rank1"], gain)


@dataclass(frozen=True)
class Choice:
    """Every candidate with its scores, which of them was chosen, and why; on so many held-out identities and images."""

    outcomes: Sequence[Outcome]
    chosen: Outcome
    identities: int
    images: int
    settings: str

    @property
    def untrained_kept(self) -> bool:
        """Whether nothing was surely better than the untrained network."""
        return self.chosen.gain is None

    @property
    def reason(self) -> str:
        """Why it was chosen, in a sentence."""
        on = f"{self.identities:,} held-out identities ({self.images:,} images)"
        if not self.untrained_kept:
            assert self.chosen.gain is not None, "a network that was trained has a gain"
            return (
                f"the network handed over is {self.chosen.candidate}: mAP {self.chosen.mean_average_precision:.1%} on "
                f"{on}, where it gains {in_points(self.chosen.gain)} over the untrained network{self._not_the_best()}"
            )
        lucky = best_gain_in_words(self.outcomes, score=lambda outcome: outcome.mean_average_precision)
        return f"no candidate is surely better than the untrained network on {on}{lucky}; it is kept: {HELP}"

    def _not_the_best(self) -> str:
        """Which candidate had the best score, if it was another."""
        best = _best([outcome for outcome in self.outcomes if outcome.surely_better])
        if best == self.chosen:
            return ""
        return (
            f"; {best.candidate} has {best.mean_average_precision:.1%}, which is not surely better, and is less simple"
        )

    def as_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {
            "chosen": self.chosen.as_dict(),
            "reason": self.reason,
            "untrained_kept": self.untrained_kept,
            "held_out": {"identities": self.identities, "images": self.images},
            "confidence": CONFIDENCE,
            "settings": self.settings,
            "candidates": [outcome.as_dict() for outcome in self.outcomes],
        }


def choose(scored: Sequence[Scored], identities: Labels | Sequence[object], *, images: int) -> Choice:
    """Choose the network to hand over.

    A candidate is surely better than another if the 95 % interval of its gain in mAP, paired by query and drawn over
    identities, lies above zero. The best is the one with the best mAP among those that are surely better than the
    untrained network; without one that is kept. Chosen is the simplest that has three quarters of the best's gain and
    that the best is not surely better than, by weights (untrained, trained, averages) and then by head (pooled,
    centred, necked, whitened).

    Args:
        scored: The candidates with their reports on the same queries; the first is the untrained network as it was.
        identities: (Q,) of the queries, skipped ones included.
        images: How many images are held out.

    Returns:
        The choice, with every candidate's scores.

    Example:
        >>> from reseen.metrics import Embedded, evaluate
        >>> labels = ["ann", "bob", "cy"]
        >>> query = Embedded(np.eye(3), labels)
        >>> good, poor = (evaluate(query, Embedded(vectors, labels), protocol="wildlife")
        ...               for vectors in (np.eye(3), np.eye(3)[::-1].copy()))
        >>> scored = [Scored(Candidate(0.0, "pooled"), good), Scored(Candidate(1.0, "pooled"), poor)]
        >>> choose(scored, labels, images=6).untrained_kept
        True
    """
    untrained = scored[0].report
    labels = np.asarray(identities)
    evaluated = len(np.unique(labels[np.isfinite(untrained.average_precisions)]))
    outcomes = [
        _outcome(entry, None if number == 0 or evaluated < 2 else untrained, labels)
        for number, entry in enumerate(scored)
    ]
    chosen = _chosen(outcomes, scored, labels)
    return Choice(outcomes, chosen, identities=evaluated, images=images, settings=untrained.settings)


def _outcome(scored: Scored, untrained: Report | None, identities: Labels) -> Outcome:
    candidate, report = scored
    gain = None if untrained is None else _gain(untrained, report, identities)
    return Outcome(candidate, report.mean_average_precision, report.rank1, gain)


def _gain(simpler: Report, report: Report, identities: Labels) -> Estimate:
    """Of the mAP of ``report`` over that of ``simpler``."""
    comparison = compare(simpler, report, identities, scores=("mAP",), confidence=CONFIDENCE, resamples=_RESAMPLES)
    return comparison.differences["mAP"].difference


def _chosen(outcomes: Sequence[Outcome], scored: Sequence[Scored], identities: Labels) -> Outcome:
    sure = [outcome for outcome in outcomes if outcome.surely_better]
    if not sure:
        return outcomes[0]
    best = _best(sure)
    report = scored[outcomes.index(best)].report
    return next(
        outcome
        for outcome, entry in sorted(zip(outcomes, scored, strict=True), key=lambda pair: pair[0].candidate.simplicity)
        if outcome is best or (_gains_nearly(outcome, best) and _gain(entry.report, report, identities).low <= 0)
    )


def _gains_nearly(outcome: Outcome, best: Outcome) -> bool:
    """Whether a candidate has most of the best one's gain."""
    assert best.gain is not None, "what is surely better has a gain"
    return outcome.gain is not None and outcome.gain.value >= NEARLY * best.gain.value


def _best(outcomes: Sequence[Outcome]) -> Outcome:
    """The first of the best mAP."""
    return max(outcomes, key=lambda outcome: outcome.mean_average_precision)


def read_choice(path: Path) -> Choice:
    """Read a run's choice.json. ReseenError for a file that is damaged, or another."""
    values: dict[str, Any] = read_json(path)
    try:
        outcomes = [Outcome.from_dict(row) for row in values["candidates"]]
        chosen = outcomes[outcomes.index(Outcome.from_dict(values["chosen"]))]
        held_out = values["held_out"]
        return Choice(outcomes, chosen, held_out["identities"], images=held_out["images"], settings=values["settings"])
    except (KeyError, TypeError, ValueError) as error:
        raise ReseenError(
            f"{path}: expected what `reseen train` wrote about its choice, got something else: {error}"
        ) from None
