"""The scores of explanations that `reseen explain --score` saved in a run, as tables for its page."""

from collections.abc import Mapping
from typing import Any

from reseen.engine.run import Run, read_json
from reseen.errors import ReseenError
from reseen.explain.scoring import COLUMNS, SCORES, STAR, TITLES, ScoredMap, ScoredQuestion, caption, score_rows
from reseen.metrics import Estimate
from reseen.report.page import Table


def saved_scores(run: Run) -> list[Table]:
    """One table per question; none without scores. ReseenError: the file holds something else."""
    path = run.explanations / "explanations.json"
    if not path.exists():
        return []
    try:
        questions = [_question(name, facts) for name, facts in read_json(path)["questions"].items()]  # type: ignore[attr-defined]
        return [_table(question, explained_in=str(path.with_suffix(".md"))) for question in questions]
    except (KeyError, TypeError, AttributeError) as error:
        raise ReseenError(
            f"{path}: expected what `reseen explain --score` wrote, got something else: {error}"
        ) from None


def _question(name: str, facts: Mapping[str, Any]) -> ScoredQuestion:
    maps = [
        ScoredMap(
            scored["method"],
            scored["stage"],
            scores={score: Estimate(**scored[score]) for score in SCORES},
            over_centre={score: Estimate(**scored["over_centre"][score]) for score in SCORES},
        )
        for scored in facts["maps"]
    ]
    return ScoredQuestion(name, facts["pictures"], facts["identities"], facts["marks_area"], maps)


def _table(question: ScoredQuestion, *, explained_in: str) -> Table:
    return Table(
        TITLES[question.name],
        COLUMNS,
        score_rows(question),
        caption=f"{caption(question)} In brackets: 95 % intervals; {STAR}. {explained_in} says what each score is.",
        kind="dense",
    )
