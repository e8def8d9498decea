"""Two runs that are compared: their evaluations, which must be of the same images and under the same rules."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from reseen.engine.run import Run
from reseen.errors import ReseenError
from reseen.progress import Progress
from reseen.report.differences import distinct_names
from reseen.report.scores import ScoreRow, interval_ends
from reseen.tasks.reid.results import intervals_of
from reseen.tasks.reid.saved_evaluation import saved_evaluation
from reseen.tasks.reid.scoring import Evaluated


class RunScores(NamedTuple):
    """One of the two runs: what the page calls it, its folder, and its evaluation."""

    name: str
    run: Run
    result: Evaluated

    @property
    def row(self) -> ScoreRow:
        """Its row in the score table."""
        return ScoreRow.of(self.name, self.result.report, intervals=interval_ends(intervals_of(self.result)))


def scored_pair(runs: Sequence[Run], *, data: Path | str | None, progress: Progress) -> tuple[RunScores, RunScores]:
    """Read the evaluations of two runs.

    Raises ReseenError for the same run twice, and for runs that were scored on other images or under other rules.
    """
    paths = [run.path for run in runs]
    if paths[0].resolve() == paths[1].resolve():
        raise ReseenError(f"{paths[0]}: expected two different runs, got the same twice")
    first, second = (
        RunScores(name, run, saved_evaluation(run, data=data, progress=progress))
        for name, run in zip(distinct_names(*paths), runs, strict=True)
    )
    _require_comparable(first, second)
    return first, second


def _require_comparable(first: RunScores, second: RunScores) -> None:
    for side in ("query", "gallery"):
        embedded = [getattr(run.result, side) for run in (first, second)]
        if not all(np.array_equal(*(getattr(one, field) for one in embedded)) for field in ("identities", "names")):
            raise ReseenError(
                f"{first.run.path} and {second.run.path}: expected runs scored on the same images; their {side} "
                f"differs ({len(embedded[0])} and {len(embedded[1])} images)"
            )
    if first.result.report.settings != second.result.report.settings:
        raise ReseenError(
            f"{first.run.path} and {second.run.path}: expected runs scored under the same rules, got "
            f"{first.result.report.settings}; and {second.result.report.settings}"
        )
