"""interval: how much the scores of a report would vary with other identities, by the bootstrap.

Queries of one identity succeed and fail together, so identities are drawn, each with all its queries. Q = queries,
I = identities, S = scores.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, stdtrit

from reseen.errors import ReseenError, unknown
from reseen.metrics.array_types import Float64, Int64
from reseen.metrics.confidence.rates import Estimate
from reseen.metrics.labels import Labels, clean_labels
from reseen.metrics.report import Report

HEADLINES = ("mAP", "rank1", "rank5", "mINP")

_AT_ONCE = 4_000_000
"""Draws of an identity held at once: 32 MB."""

QUERY_SCORES: Mapping[str, Callable[[Report], Float64]] = MappingProxyType(
    {
        "mAP": lambda report: report.average_precisions,
        "rank1": lambda report: report.found_by(1),
        "rank5": lambda report: report.found_by(5),
        "rank10": lambda report: report.found_by(10),
        "mINP": lambda report: report.inverse_negative_penalties,
    }
)
"""Each score as values of the queries (Q,), NaN for a skipped query; over several trials, a query's mean."""


class Clustered(NamedTuple):
    """Per-query values summed by identity: ``sums`` (S, I), and of how many queries, ``counts`` (I,)."""

    sums: Float64
    counts: Int64


def interval(
    report: Report,
    identities: Labels | Sequence[object],
    *,
    scores: Sequence[str] = HEADLINES,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Estimate]:
    """Percentile bootstrap intervals of a report's scores, over the identities of its queries.

    The percentiles are set wider for few identities, as Student's t is than the normal distribution (Hesterberg, The
    American Statistician 69, 2015). Below some 20 identities the interval is still rough, and it is never wider
    than what these identities happened to show: none among 10 that fails does not mean that none will.
    It holds for other query identities in this gallery with this model: not for another gallery, whose size
    changes every score, nor for training again with another seed. Under a protocol of several trials a query's value is
    its mean over those that evaluated it, so the score here differs a little from the report's mean over trials.

    Args:
        report: What ``evaluate`` returned.
        identities: (Q,) of the queries, skipped ones included.
        scores: Names of ``QUERY_SCORES``.
        confidence: Share of intervals that hold the true score, above 0 and below 1.
        resamples: Draws of the bootstrap, at least 100.
        seed: Decides the draws.

    Returns:
        From each score to its value and interval.

    Raises:
        ReseenError: Unknown score, fewer than two identities with an evaluated query, or a confidence out of bounds.
        ValueError: Too few resamples.

    Example:
        >>> from reseen.metrics import Embedded, evaluate
        >>> query = Embedded([[1.0, 0.0], [0.0, 1.0]], ["ann", "bob"])
        >>> gallery = Embedded([[1.0, 0.1], [0.1, 1.0]], ["ann", "bob"])
        >>> report = evaluate(query, gallery, protocol="wildlife")
        >>> interval(report, query.identities, scores=["rank1"])
        {'rank1': Estimate(value=1.0, low=1.0, high=1.0)}
    """
    clusters = clustered(query_scores(report, scores), identities)
    estimates = bootstrap(clusters, confidence=confidence, resamples=resamples, seed=seed)
    return dict(zip(scores, estimates, strict=True))


def bootstrap(clusters: Clustered, *, confidence: float, resamples: int, seed: int) -> list[Estimate]:
    """The S means over all queries with their intervals. ValueError: fewer than 100 resamples."""
    if resamples < 100:
        raise ValueError(f"resamples: expected at least 100, got {resamples}")
    means = np.concatenate(list(_resampled_means(clusters, resamples=resamples, seed=seed)))
    lows, highs = np.quantile(means, percentiles(len(clusters.counts), confidence=confidence), axis=0)
    values = clusters.sums.sum(axis=1) / clusters.counts.sum()
    return [Estimate(*numbers) for numbers in zip(values.tolist(), lows.tolist(), highs.tolist(), strict=True)]


def query_scores(report: Report, scores: Sequence[str]) -> Float64:
    """(S, Q) values of the queries, NaN where skipped. ReseenError names the known scores."""
    for score in scores:
        if score not in QUERY_SCORES:
            raise ReseenError(unknown("score", score, QUERY_SCORES))
    return np.stack([QUERY_SCORES[score](report) for score in scores])


def clustered(values: Float64, identities: Labels | Sequence[object]) -> Clustered:
    """(S, Q) values, NaN for skipped queries, and (Q,) identities -> sums by identity, of those with a value."""
    labels = clean_labels(identities, what="identities", count=values.shape[1], optional=False)
    evaluated = ~np.isnan(values).any(axis=0)
    names, codes = np.unique(labels[evaluated], return_inverse=True)
    if len(names) < 2:
        raise ReseenError(f"an interval needs at least 2 identities with an evaluated query, got {len(names)}")
    sums = np.stack([np.bincount(codes, weights=row) for row in values[:, evaluated]]).astype(np.float64)
    return Clustered(sums, np.bincount(codes))


def _resampled_means(clusters: Clustered, *, resamples: int, seed: int) -> Iterator[Float64]:
    """Means (., S) over as many identities as there are, drawn with replacement; ``resamples`` rows in all."""
    generator = np.random.default_rng(seed)
    count = len(clusters.counts)
    step = max(1, _AT_ONCE // count)
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        drawn = generator.multinomial(count, np.full(count, 1 / count), size=size).astype(np.float64)
        yield (drawn @ clusters.sums.T) / (drawn @ clusters.counts)[:, None]


def percentiles(identities: int, *, confidence: float) -> tuple[float, float]:
    """Where to cut the bootstrap distribution of so many identities."""
    if not 0 < confidence < 1:
        raise ReseenError(f"confidence: expected a share above 0 and below 1, got {confidence:g}")
    quantile = stdtrit(identities - 1, (1 + confidence) / 2) * np.sqrt(identities / (identities - 1))
    return float(ndtr(-quantile)), float(ndtr(quantile))
