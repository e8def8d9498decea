"""Early stopping: how long no scoring of a run has been better than the best before it."""

from collections.abc import Mapping, Sequence
from typing import Any


def scorings_without_gain(rows: Sequence[Mapping[str, Any]], *, monitor: str) -> int:
    """How many of the last scorings in a row were no better than the best before them.

    ``rows``: the finished epochs; those that were scored have the key ``monitor``.
    """
    best, without = None, 0
    for row in rows:
        if monitor in row:
            better = best is None or row[monitor] > best
            best, without = (row[monitor], 0) if better else (best, without + 1)
    return without


def early_stop_in_words(done: int, *, epochs: int, patience: int, best: str) -> str:
    """The line that a run says when it stops before its last epoch; ``best``: its best score in words."""
    scorings = "1 scoring" if patience == 1 else f"{patience} scorings in a row"
    return (
        f"stopped early, after epoch {done} of {epochs}: {scorings} brought nothing better than {best} "
        f"(training.patience = {patience})"
    )
