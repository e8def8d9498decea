"""Scores of explanations as JSON, as rows of a table, and as a page of markdown."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from reseen.explain.scoring.measures import STEPS
from reseen.explain.scoring.score import MATCH, ScoredExplanations, ScoredQuestion
from reseen.files import write_json, write_text
from reseen.metrics import Estimate

COLUMNS = ("map", "energy on marks / area", "points at a mark", "insertion", "deletion", "insertion - deletion")
TITLES = {
    MATCH: "What makes a query like its best true match",
    "twin": "What makes it more like that match than like its twin",
}


def write_scores(scored: ScoredExplanations, out: Path) -> list[Path]:
    """Write explanations.md and explanations.json into a folder, which is made."""
    out.mkdir(parents=True, exist_ok=True)
    page, numbers = out / "explanations.md", out / "explanations.json"
    write_text(page, score_page(scored))
    write_json(numbers, scores_as_json(scored))
    return [page, numbers]


def scores_as_json(scored: ScoredExplanations) -> dict[str, Any]:
    """Everything, each score as value, low and high."""
    return {
        "run": str(scored.run),
        "model": scored.model,
        "data": str(scored.data),
        "tolerance_pixels": scored.tolerance,
        "steps": STEPS,
        "questions": {question.name: _question_as_json(question) for question in scored.questions},
    }


def _question_as_json(question: ScoredQuestion) -> dict[str, Any]:
    maps = [
        {
            "method": one.method,
            "stage": one.stage,
            **{name: score._asdict() for name, score in one.scores.items()},
            "over_centre": {name: score._asdict() for name, score in one.over_centre.items()},
        }
        for one in question.maps
    ]
    about = {"pictures": question.pictures, "identities": question.identities, "marks_area": question.marks_area}
    return {**about, "maps": maps}


Show = Callable[[Estimate, str], str]


def with_interval(score: Estimate, form: str) -> str:
    """A score as ``form`` writes numbers, and between what it lies."""
    value, low, high = (form.format(number) for number in score)
    return f"{value} ({low} to {high})"


def alone(score: Estimate, form: str) -> str:
    """A score as ``form`` writes numbers."""
    return form.format(score.value)


def score_rows(question: ScoredQuestion, *, show: Show = with_interval) -> list[list[str]]:
    """The cells under ``COLUMNS``, a row a map; a star where a score is better than the centre prior's for sure.

    For sure: the 95 % interval of the difference, over the same draws of identities, does not reach 0.
    """
    return [
        [
            f"{one.method} {one.stage}".strip(),
            *(
                show(one.scores[name], form) + (" *" if _surely(one.over_centre[name], better) else "")
                for name, form, better in _SHOWN
            ),
        ]
        for one in question.maps
    ]


_SHOWN = (
    ("energy", "{:.2f}", 1),
    ("pointing", "{:.0%}", 1),
    ("insertion", "{:.3f}", 1),
    ("deletion", "{:.3f}", -1),
    ("faithfulness", "{:+.3f}", 1),
)
"""In the order of ``COLUMNS``: a score, how it is written, and whether more of it is better (1) or less (-1)."""


def _surely(difference: Estimate, better: int) -> bool:
    return difference.low > 0 if better > 0 else difference.high < 0


def score_page(scored: ScoredExplanations) -> str:
    """Markdown: what was scored and how, then a table a question."""
    lines = [f"# Explanations of {scored.model}, scored on {scored.data.name}", "", *_legend(scored)]
    for question in scored.questions:
        lines += ["", f"## {TITLES[question.name]}", "", caption(question), "", *_table(score_rows(question))]
    return "\n".join(lines) + "\n"


def caption(question: ScoredQuestion) -> str:
    """How many pictures stand behind a table."""
    asked = f"{question.pictures} queries of {question.identities} identities"
    return f"{asked}; marks cover {question.marks_area:.1%} of their pixels."


def _legend(scored: ScoredExplanations) -> list[str]:
    return [
        "- Energy on marks / area: share of the map above 0 that lies on the marks, over their share of the picture; 1",
        "  for a map that is the same everywhere.",
        f"- Points at a mark: the largest value lies on a mark or at most {scored.tolerance} pixels away.",
        f"- Insertion, deletion: mean similarity while the picture comes back out of a blur and while it goes, {STEPS}",
        "  steps in the order of the map. A map of what the similarity hangs on has the first high and the second low.",
        "- In brackets 95 % intervals, bootstrap over identities. A star: better than the centre prior; the interval",
        "  of the difference is clear of 0.",
    ]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    head = [f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS)]
    return [*head, *(f"| {' | '.join(row)} |" for row in rows)]
