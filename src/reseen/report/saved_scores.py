"""How explanations of a run scored, as `reseen explain --score` left it there, as tables for its page."""

from collections.abc import Mapping
from typing import Any

from reseen.engine.run import Run, read_json
from reseen.errors import ReseenError
from reseen.explain.scoring import COLUMNS, SCORES, TITLES, ScoredMap, ScoredQuestion, caption, score_rows
from reseen.metrics import Estimate
from reseen.report.page import Table


def kept_scores(run: Run) -> list[Table]:
    """A table a question; none where no explanations were scored. ReseenError: the file holds something else."""
    path = run.explanations / "explanations.json"
    if not path.exists():
        return []
    try:
        questions = [_question(name, facts) for name, facts in read_json(path)["questions"].items()]  # type: ignore[attr-defined]
        return [_table(question, words=str(path.with_suffix(".md"))) for question in questions]
    except (KeyError, TypeError, AttributeError) as error:
        raise ReseenError(f"{path}: expected what `reseen explain --score` wrote, but for: {error}") from None


def _question(name: str, facts: Mapping[str, Any]) -> ScoredQuestion:
    maps = [
        ScoredMap(
            one["method"],
            one["stage"],
            scores={score: Estimate(**one[score]) for score in SCORES},
            over_centre={score: Estimate(**one["over_centre"][score]) for score in SCORES},
        )
        for one in facts["maps"]
    ]
    return ScoredQuestion(name, facts["pictures"], facts["identities"], facts["marks_area"], maps)


def _table(question: ScoredQuestion, *, words: str) -> Table:
    return Table(
        TITLES[question.name],
        f"{caption(question)} In brackets 95 % intervals; a star: better than the centre prior for sure. What each "
        f"score is stands in {words}.",
        columns=COLUMNS,
        rows=score_rows(question),
    )
