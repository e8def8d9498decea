"""compare: whether two systems differ by more than chance on the same queries.

Both score every query; chance draws identities, not queries. Q = queries, S = scores.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from reseen.metrics.array_types import Float64
from reseen.metrics.confidence.intervals import HEADLINES, bootstrap, clustered, query_scores
from reseen.metrics.confidence.rates import Estimate
from reseen.metrics.confidence.sign_flips import sign_flip_p_values
from reseen.metrics.labels import Labels
from reseen.metrics.report import Report

__all__ = ["Comparison", "Difference", "compare", "sign_flip_p_values"]


class Difference(NamedTuple):
    """One score of two systems: both values, second minus first with its interval, and the p-value."""

    first: float
    second: float
    difference: Estimate
    p_value: float


@dataclass(frozen=True)
class Comparison:
    """Differences by score. The p-values are of each score on its own, not corrected for the number of scores.

    The first score decides ``more_than_chance``: its p-value lies below 1 - ``confidence``.
    """

    differences: Mapping[str, Difference]
    queries: int
    identities: int
    confidence: float
    settings: str

    @property
    def more_than_chance(self) -> bool:
        """Whether the first score differs by more than chance."""
        return next(iter(self.differences.values())).p_value < 1 - self.confidence

    def sentence(self, first: str, second: str) -> str:
        """The outcome in words; ``first`` and ``second`` name the systems."""
        score, result = next(iter(self.differences.items()))
        points = 100 * result.difference.value
        low, high = (100 * end for end in result.difference[1:])
        place = "level with" if points == 0 else f"{abs(points):.1f} points {'above' if points > 0 else 'below'}"
        verdict = "more than chance" if self.more_than_chance else "no more than chance may give"
        return (
            f"{second} is {place} {first} in {score} ({self.confidence:.0%} interval {low:+.1f} to {high:+.1f}, "
            f"p = {result.p_value:.2g}, {self.identities} identities): {verdict}."
        )

    def as_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        scores = {
            score: {**result._asdict(), "difference": result.difference._asdict()}
            for score, result in self.differences.items()
        }
        return {
            "more_than_chance": self.more_than_chance,
            "scores": scores,
            "queries": self.queries,
            "identities": self.identities,
            "confidence": self.confidence,
            "settings": self.settings,
        }


def compare(
    first: Report,
    second: Report,
    identities: Labels | Sequence[object],
    *,
    scores: Sequence[str] = HEADLINES,
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Compare two reports of the same queries, row by row.

    Intervals as ``interval``'s, of the paired differences. The p-value is that of a permutation test: were the
    systems alike, each identity's results could as well have been swapped between them, so the signs of the
    identities' differences are flipped, in every way where ``resamples`` suffice for that, else at random (Phipson
    and Smyth, Stat. Appl. Genet. Mol. Biol. 9, 2010). With few identities no difference can be significant: 5 give
    p = 0.06 at best. The result holds for these two models; whether a method is better takes several trainings of each.

    Args:
        first: What ``evaluate`` returned for the first system.
        second: The same for the second, of the same queries under the same rules.
        identities: (Q,) of the queries, skipped ones included.
        scores: Names of ``QUERY_SCORES``; the first decides ``Comparison.more_than_chance``.
        confidence: Of the intervals, above 0 and below 1.
        resamples: Draws of the bootstrap and of the permutation test, at least 100.
        seed: Decides the draws.

    Returns:
        For each score both values, second minus first with its interval, and the p-value.

    Raises:
        ReseenError: As ``interval``.
        ValueError: Reports of different queries or rules, or too few resamples.

    Example:
        >>> from reseen.metrics import Embedded, evaluate
        >>> query = Embedded([[1.0, 0.0], [0.0, 1.0]], ["ann", "bob"])
        >>> good = Embedded([[1.0, 0.1], [0.1, 1.0]], ["ann", "bob"])
        >>> poor = Embedded([[1.0, 0.1], [1.0, 0.0]], ["ann", "bob"])
        >>> reports = [evaluate(query, gallery, protocol="wildlife") for gallery in (poor, good)]
        >>> comparison = compare(*reports, query.identities, scores=["rank1"])
        >>> comparison.differences["rank1"].difference.value, comparison.more_than_chance
        (1.0, False)
    """
    _require_alike(first, second)
    before, after = query_scores(first, scores), query_scores(second, scores)
    clusters = clustered(after - before, identities)
    estimates = bootstrap(clusters, confidence=confidence, resamples=resamples, seed=seed)
    p_values = sign_flip_p_values(clusters.sums, resamples=resamples, seed=seed)
    return Comparison(
        differences=_differences(scores, (before, after), estimates=estimates, p_values=p_values),
        queries=int(clusters.counts.sum()),
        identities=len(clusters.counts),
        confidence=confidence,
        settings=_settings(first, second),
    )


def _differences(
    scores: Sequence[str], values: tuple[Float64, Float64], *, estimates: Sequence[Estimate], p_values: Float64
) -> dict[str, Difference]:
    """By score, from (S, Q) ``values`` of both systems and the estimates and p-values of each score."""
    before, after = values
    return {
        score: Difference(
            float(np.nanmean(before[row])), float(np.nanmean(after[row])), estimates[row], float(p_values[row])
        )
        for row, score in enumerate(scores)
    }


def _require_alike(first: Report, second: Report) -> None:
    rules = [f"{report.protocol}, {report.precision_rule} average precision" for report in (first, second)]
    if rules[0] != rules[1]:
        raise ValueError(f"expected reports under the same rules, got {rules[0]}, and {rules[1]}")
    before, after = (np.isfinite(report.average_precisions) for report in (first, second))
    if not np.array_equal(before, after):
        counts = [f"{evaluated.sum()} of {len(evaluated)}" for evaluated in (before, after)]
        raise ValueError(f"expected reports of the same queries, got {counts[0]} evaluated, and {counts[1]}")


def _settings(first: Report, second: Report) -> str:
    return first.settings if first.settings == second.settings else f"{first.settings}; second: {second.settings}"
