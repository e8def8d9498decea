"""The score table of a page: a row a system, with intervals, and what stands under it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from reseen.metrics import Estimate, Report
from reseen.report.page import Cell, Section, Table

SCORES = {"mAP": "mAP", "rank1": "rank-1", "rank5": "rank-5", "mINP": "mINP"}
"""The columns of re-identification: key in ``Report.scores()`` -> heading."""

Intervals = Mapping[str, tuple[float, float]]
"""Score by key -> the ends of its 95 % interval."""

_INTERVALS = "Small print under a score: its 95 % interval, by a bootstrap over identities."


@dataclass(frozen=True)
class ScoreRow:
    """One system's scores as fractions, how many queries they are the mean of, and how many were skipped, by reason.

    ``intervals`` hold for other identities (a bootstrap over them), as far as they are known. ``evaluated`` is None for
    a task without queries.
    """

    name: str
    scores: Mapping[str, float]
    evaluated: int | None = None
    skipped: Mapping[str, int] = field(default_factory=dict)
    intervals: Intervals = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, report: Report, *, intervals: Intervals | None = None) -> Self:
        """A named system's row from its report."""
        return cls(name, report.scores(), evaluated=report.evaluated, skipped=report.skipped, intervals=intervals or {})


def interval_ends(estimates: Mapping[str, Estimate]) -> Intervals:
    """The intervals of estimates, without their values."""
    return {score: (estimate.low, estimate.high) for score, estimate in estimates.items()}


def score_section(
    rows: Sequence[ScoreRow],
    *,
    columns: Mapping[str, str] = SCORES,
    heading: str = "system",
    settings: str = "",
) -> Section:
    """The table of ``rows`` under ``columns`` (key -> heading), bold where a row is the best of several.

    ``heading`` stands over the names of rows; ``settings`` names the rules of the evaluation. Empty without rows.
    """
    if not rows:
        return Section("Scores")
    queries = ("queries", "skipped") if rows[0].evaluated is not None else ()
    best = {key: max(row.scores.get(key, 0.0) for row in rows) for key in columns} if len(rows) > 1 else {}
    cells = [
        (
            row.name,
            *(_cell(row, key, best=best.get(key), bar=key == next(iter(columns))) for key in columns),
            *((str(row.evaluated), str(sum(row.skipped.values()))) if queries else ()),
        )
        for row in rows
    ]
    notes = [_INTERVALS] * any(row.intervals for row in rows) + [f"Protocol: {settings}."] * bool(settings)
    table = Table("Scores", (heading, *columns.values(), *queries), cells, kind="scores")
    return Section("Scores", [table], notes=[*notes, *_skipped(rows)])


def with_difference(section: Section, first: ScoreRow, second: ScoreRow, *, intervals: Intervals) -> Section:
    """A score section of two rows with a third: the second minus the first, in percentage points."""
    cells = [
        Cell(
            f"{100 * (second.scores[key] - first.scores[key]):+.1f}",
            note=" to ".join(f"{100 * end:+.1f}" for end in intervals.get(key, ())),
        )
        for key in SCORES
    ]
    paired = ", with its 95 % interval paired by query" if intervals else ""
    note = f"The difference is the second run minus the first, in percentage points{paired}."
    (table,) = section.tables
    difference: Sequence[str | Cell] = ("difference", *cells, "", "")
    return section._replace(tables=[table._replace(rows=[*table.rows, difference])], notes=[note, *section.notes])


def _cell(row: ScoreRow, key: str, *, best: float | None, bar: bool) -> Cell:
    if key not in row.scores:
        return Cell("")
    score = row.scores[key]
    note = " to ".join(f"{100 * end:.1f}" for end in row.intervals.get(key, ()))
    return Cell(f"{100 * score:.1f} %", note=note, share=score if bar else None, best=score == best)


def _skipped(rows: Sequence[ScoreRow]) -> list[str]:
    """Why queries were skipped: once where all systems skipped the same, which one protocol makes them do."""
    reasons = {row.name: ", ".join(f"{count} with {reason}" for reason, count in row.skipped.items()) for row in rows}
    if len(set(reasons.values())) <= 1:
        return [f"Skipped queries: {text}." for text in set(reasons.values()) if text]
    return [f"Queries skipped by {name}: {text}." for name, text in reasons.items() if text]
