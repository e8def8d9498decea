"""Report: the scores of one evaluation, the values of each query behind them, and the rules that were used."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from reseen.deprecation import renamed_attribute
from reseen.metrics.array_types import Float64, Int64


@dataclass(frozen=True, eq=False)
class Report:
    """Scores as fractions, means over the evaluated queries.

    ``cmc`` (L,): share of queries with a match by rank 1..L. ``average_precisions`` and
    ``inverse_negative_penalties`` (Q,), NaN for a skipped query; ``first_hits`` (Q,) ranks from 1, 0 for a
    skipped query. ``skipped``: queries by reason. ``protocol`` and ``precision_rule`` (of average precision) name the
    rules; ``settings`` says them in words.

    Where the protocol draws ``trials``, the scores are means over them, ``trial_deviation`` is the standard deviation
    of mAP among them (None for one), a query's values are means over the trials that evaluated it, and its first hit is
    that of the first of these; ``trial_first_hits`` (trials, Q) has all.
    """

    mean_average_precision: float
    mean_inverse_negative_penalty: float
    cmc: Float64
    average_precisions: Float64
    inverse_negative_penalties: Float64
    first_hits: Int64
    evaluated: int
    skipped: dict[str, int]
    protocol: str
    precision_rule: str
    settings: str
    trials: int = 1
    trial_deviation: float | None = None
    trial_first_hits: Int64 | None = None

    def at(self, rank: int) -> float:
        """Share of queries with a match among the first ``rank``. ValueError past the end of ``cmc``."""
        if not 1 <= rank <= len(self.cmc):
            raise ValueError(f"rank: expected 1 to {len(self.cmc)}, got {rank}")
        return float(self.cmc[rank - 1])

    def found_by(self, rank: int) -> Float64:
        """(Q,) share of the trials with the query in which a match stood by ``rank``; NaN for a skipped query."""
        hits = self.first_hits[None] if self.trial_first_hits is None else self.trial_first_hits
        trials = np.count_nonzero(hits, axis=0)
        successes = np.count_nonzero((hits > 0) & (hits <= rank), axis=0)
        return np.where(trials > 0, successes / np.maximum(trials, 1), np.nan)

    average_precision = renamed_attribute("Report.average_precision", "precision_rule")

    @property
    def rank1(self) -> float:
        """Share of queries whose first entry is a match."""
        return self.at(1)

    @property
    def rank5(self) -> float:
        """Share of queries with a match among the first five."""
        return self.at(5)

    @property
    def rank10(self) -> float:
        """Share of queries with a match among the first ten."""
        return self.at(10)

    def scores(self) -> dict[str, float]:
        """The headline scores, as fractions."""
        return {
            "mAP": self.mean_average_precision,
            "rank1": self.rank1,
            "rank5": self.rank5,
            "mINP": self.mean_inverse_negative_penalty,
        }

    def as_dict(self) -> dict[str, Any]:
        """Everything but the per-query values, ready for JSON."""
        return {
            **self.scores(),
            "rank10": self.rank10,
            "cmc": self.cmc.tolist(),
            "evaluated": self.evaluated,
            "skipped": dict(self.skipped),
            "protocol": self.protocol,
            "average_precision": self.precision_rule,
            "settings": self.settings,
            "trials": self.trials,
            "trial_deviation": self.trial_deviation,
        }
