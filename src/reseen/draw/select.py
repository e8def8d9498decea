"""Which queries to show: a fixed mix from the best to the worst, the worst alone, or those that two systems part on."""

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

    Fewer when fewer were evaluated. Equal precisions stand in query order, so the same report picks the same rows.
    """
    _require_some(count)
    evaluated = np.flatnonzero(~np.isnan(report.average_precisions))
    ranked = evaluated[np.argsort(-report.average_precisions[evaluated], kind="stable")]
    steps = np.linspace(0, len(ranked) - 1, num=min(count, len(ranked)))
    return [int(ranked[int(step)]) for step in steps.round()]


def worst_queries(report: Report, identities: Labels | Sequence[object], *, count: int = 6) -> list[int]:
    """Rows of the queries with the lowest average precision, the worst first, one an identity (Q,).

    A query ranked perfectly is no failure and never among them, so there may be fewer, or none.
    """
    _require_some(count)
    return _one_an_identity(report.average_precisions, identities, below=1.0)[:count]


def changed_queries(first: Report, second: Report, identities: Labels | Sequence[object], *, count: int = 4) -> Changed:
    """At most ``count`` queries either way whose average precision changed most, one an identity (Q,).

    ValueError: reports of different numbers of queries.
    """
    _require_some(count)
    if len(first.average_precisions) != len(second.average_precisions):
        sizes = [len(report.average_precisions) for report in (first, second)]
        raise ValueError(f"expected reports of the same queries, got {sizes[0]} and {sizes[1]}")
    gained = second.average_precisions - first.average_precisions
    return Changed(*(_one_an_identity(sign * gained, identities, below=0.0)[:count] for sign in (-1, 1)))


def _one_an_identity(values: NDArray[np.float64], identities: Labels | Sequence[object], *, below: float) -> list[int]:
    """Rows whose value is under ``below``, ascending, the first of each identity."""
    chosen = np.flatnonzero(values < below)
    ranked = chosen[np.argsort(values[chosen], kind="stable")]
    first_seen = np.unique(np.asarray(identities)[ranked], return_index=True)[1]
    return [int(row) for row in ranked[np.sort(first_seen)]]


def _require_some(count: int) -> None:
    if count < 1:
        raise ValueError(f"count: expected at least 1, got {count}")
