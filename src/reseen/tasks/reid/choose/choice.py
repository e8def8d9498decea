"""The choice among scored candidates: only what is surely better than the untrained network replaces it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from reseen.engine.choice_rule import CONFIDENCE, best_gain_in_words, best_of_sure, in_points, is_sure
from reseen.engine.run import read_json
from reseen.errors import ReseenError
from reseen.metrics import Estimate, Report, compare
from reseen.metrics.labels import Labels
from reseen.tasks.reid.choose.candidates import Candidate

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
                f"{on}, where it gains {in_points(self.chosen.gain)} over the untrained network"
            )
        best = best_gain_in_words(self.outcomes, score=lambda outcome: outcome.mean_average_precision)
        return f"no candidate is surely better than the untrained network on {on}{best}; it is kept: {HELP}"

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

    A candidate is eligible if the 95 % interval of its gain in mAP over the untrained network, paired by query and
    drawn over identities, lies above zero. The eligible one with the best mAP is chosen; among those within 0.1 points
    of it the simplest, by weights (untrained, trained, averages) and then by head (pooled, necked, whitened). Without
    an eligible one the untrained network is kept.

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
    return Choice(outcomes, _chosen(outcomes), identities=evaluated, images=images, settings=untrained.settings)


def _outcome(scored: Scored, untrained: Report | None, identities: Labels) -> Outcome:
    candidate, report = scored
    gain = None
    if untrained is not None:
        comparison = compare(
            untrained, report, identities, scores=("mAP",), confidence=CONFIDENCE, resamples=_RESAMPLES
        )
        gain = comparison.differences["mAP"].difference
    return Outcome(candidate, report.mean_average_precision, report.rank1, gain)


def _chosen(outcomes: Sequence[Outcome]) -> Outcome:
    return best_of_sure(outcomes, score=lambda outcome: outcome.mean_average_precision) or outcomes[0]


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
