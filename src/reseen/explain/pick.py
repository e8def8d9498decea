"""Which queries to show: a fixed mix, from the best to the worst."""

import numpy as np

from reseen.metrics import Report


def pick_queries(report: Report, *, count: int = 6) -> list[int]:
    """Rows of ``count`` evaluated queries at even steps of average precision: the best first, the worst last.

    Fewer when fewer were evaluated. Equal precisions stand in query order, so the same report picks the same rows.
    """
    if count < 1:
        raise ValueError(f"count: expected at least 1, got {count}")
    evaluated = np.flatnonzero(~np.isnan(report.average_precisions))
    ranked = evaluated[np.argsort(-report.average_precisions[evaluated], kind="stable")]
    steps = np.linspace(0, len(ranked) - 1, num=min(count, len(ranked)))
    return [int(ranked[int(step)]) for step in steps.round()]
