"""Scores of explanations as JSON, as rows of a table, and as a page of markdown."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from reseen.explain.scoring.measures import STEPS
from reseen.explain.scoring.scores import MATCH, TWIN, ScoredExplanations, ScoredQuestion
from reseen.files import write_json, write_text
from reseen.metrics import Estimate

COLUMNS = ("map", "energy on marks / area", "points at a mark", "insertion", "deletion", "insertion - deletion")
STAR = "* significantly better than the centre prior (95 %)"
TITLES = {
    MATCH: "What makes a query similar to its best match",
    TWIN: "What makes it more similar to that match than to its twin",
}


def write_scores(scored: ScoredExplanations, out: Path) -> list[Path]:
    """Write explanations.md and explanations.json into a folder, which is made."""
    out.mkdir(parents=True, exist_ok=True)
    page, numbers = out / "explanations.md", out / "explanations.json"
    write_text(page, score_page(scored))
    write_json(numbers, scores_as_json(scored))
    return [page, numbers]


def scores_as_json(scored: ScoredExplanations) -> dict[str, Any]:
    """All of it as JSON, each score with value, low and high."""
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
            "method": scored.method,
            "stage": scored.stage,
            **{name: score._asdict() for name, score in scored.scores.items()},
            "over_centre": {name: score._asdict() for name, score in scored.over_centre.items()},
        }
        for scored in question.maps
    ]
    about = {"pictures": question.images, "identities": question.identities, "marks_area": question.marks_area}
    return {**about, "maps": maps}


Show = Callable[[Estimate, str], str]


def with_interval(score: Estimate, form: str) -> str:
    """A score and its interval, in the number format ``form``."""
    value, low, high = (form.format(number) for number in score)
    return f"{value} ({low} to {high})"


def alone(score: Estimate, form: str) -> str:
    """A score in the number format ``form``."""
    return form.format(score.value)


def score_rows(question: ScoredQuestion, *, show: Show = with_interval) -> list[list[str]]:
    """The cells under ``COLUMNS``, one row per map; a star where a score is significantly better than the centre's.

    Significantly: the 95 % interval of the difference, over the same draws of identities, does not contain 0.
    """
    return [
        [
            f"{scored.method} {scored.stage}".strip(),
            *(
                show(scored.scores[name], form) + (" *" if _significant(scored.over_centre[name], better) else "")
                for name, form, better in _SHOWN
            ),
        ]
        for scored in question.maps
    ]


_SHOWN = (
    ("energy", "{:.2f}", 1),
    ("pointing", "{:.0%}", 1),
    ("insertion", "{:.3f}", 1),
    ("deletion", "{:.3f}", -1),
    ("faithfulness", "{:+.3f}", 1),
)
"""In the order of ``COLUMNS``: a score, its number format, and whether more of it is better (1) or less (-1)."""


def _significant(difference: Estimate, better: int) -> bool:
    return difference.low > 0 if better > 0 else difference.high < 0


def score_page(scored: ScoredExplanations) -> str:
    """Markdown: what was scored and how, then one table per question."""
    lines = [f"# Explanations of {scored.model}, scored on {scored.data.name}", "", *_legend(scored)]
    for question in scored.questions:
        lines += ["", f"## {TITLES[question.name]}", "", caption(question), "", *_table(score_rows(question))]
    return "\n".join(lines) + "\n"


def caption(question: ScoredQuestion) -> str:
    """How many queries a table is about, and how much of them the marks cover."""
    queries = f"{question.images} queries of {question.identities} identities"
    return f"{queries}; marks cover {question.marks_area:.1%} of their pixels."


def _legend(scored: ScoredExplanations) -> list[str]:
    return [
        "- Energy on marks / area: the share of the map above 0 that lies on the marks, over the marks' share of the",
        "  image; 1 for a map that is the same everywhere.",
        f"- Points at a mark: the largest value lies on a mark or at most {scored.tolerance} pixels away.",
        f"- Insertion, deletion: mean similarity while the image comes back out of a blur and while it goes, {STEPS}",
        "  steps in the order of the map. A map of what the similarity depends on has a high first and a low second.",
        f"- In brackets: 95 % intervals, bootstrap over identities. {STAR}: the interval of the",
        "  difference does not contain 0.",
    ]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    head = [f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS)]
    return [*head, *(f"| {' | '.join(row)} |" for row in rows)]
