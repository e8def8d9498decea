"""Queries to show: a mix from the best to the worst, the worst, or those that two systems rank most differently."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reseen.metrics import Report
from reseen.metrics.labels import Labels


class Changed(NamedTuple):
    """Rows of queries that a second system ranks better, and worse, the largest change first."""

    better: list[int]
    worse: list[int]


def pick_queries(report: Report, *, count: int = 6) -> list[int]:
    """Rows of ``count`` evaluated queries at even steps of average precision: the best first, the worst last.

    Fewer if fewer were evaluated. Ties are taken in query order, so the same report gives the same rows.
    """
    _require_positive(count)
    evaluated = np.flatnonzero(~np.isnan(report.average_precisions))
    ranked = evaluated[np.argsort(-report.average_precisions[evaluated], kind="stable")]
    steps = np.linspace(0, len(ranked) - 1, num=min(count, len(ranked)))
    return [int(ranked[int(step)]) for step in steps.round()]


def worst_queries(report: Report, identities: Labels | Sequence[object], *, count: int = 6) -> list[int]:
    """Rows of the queries with the lowest average precision, the worst first, one per identity.

    ``identities`` (Q,). Queries that are ranked perfectly are left out, so there may be fewer than ``count``, or none.
    """
    _require_positive(count)
    return _one_per_identity(report.average_precisions, identities, below=1.0)[:count]


def changed_queries(first: Report, second: Report, identities: Labels | Sequence[object], *, count: int = 4) -> Changed:
    """At most ``count`` queries either way whose average precision changed most, one per identity.

    ``identities`` (Q,). ValueError: reports of different numbers of queries.
    """
    _require_positive(count)
    if len(first.average_precisions) != len(second.average_precisions):
        sizes = [len(report.average_precisions) for report in (first, second)]
        raise ValueError(f"expected reports of the same queries, got {sizes[0]} and {sizes[1]}")
    gained = second.average_precisions - first.average_precisions
    return Changed(*(_one_per_identity(sign * gained, identities, below=0.0)[:count] for sign in (-1, 1)))


def _one_per_identity(values: NDArray[np.float64], identities: Labels | Sequence[object], *, below: float) -> list[int]:
    """Rows with values under ``below``, ascending by value, the first of each identity."""
    chosen = np.flatnonzero(values < below)
    ranked = chosen[np.argsort(values[chosen], kind="stable")]
    first_seen = np.unique(np.asarray(identities)[ranked], return_index=True)[1]
    return [int(row) for row in ranked[np.sort(first_seen)]]


def _require_positive(count: int) -> None:
    if count < 1:
        raise ValueError(f"count: expected at least 1, got {count}")
