"""report.html: a run on one self-contained page that needs no network and no script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from reseen.data.summary import SplitSummary
from reseen.files import write_text
from reseen.metrics import Estimate, Report
from reseen.report.pictures import Picture, rows_of

SCORES = {"mAP": "mAP", "rank1": "rank-1", "rank5": "rank-5", "mINP": "mINP"}
"""The score table's columns: key in ``Report.scores()`` -> heading."""

Intervals = Mapping[str, tuple[float, float]]
"""Score by key -> where its 95 % interval begins and ends."""


@dataclass(frozen=True)
class ScoreRow:
    """One system's scores as fractions, how many queries they are the mean of, and how many were skipped, by reason.

    ``intervals`` hold for other identities (a bootstrap over them), as far as they are known.
    """

    name: str
    scores: Mapping[str, float]
    evaluated: int
    skipped: Mapping[str, int] = field(default_factory=dict)
    intervals: Intervals = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, report: Report, *, intervals: Intervals | None = None) -> Self:
        """A named system's row from its report."""
        return cls(name, report.scores(), evaluated=report.evaluated, skipped=report.skipped, intervals=intervals or {})


def ends_of(estimates: Mapping[str, Estimate]) -> Intervals:
    """Only where the intervals lie."""
    return {score: (found.low, found.high) for score, found in estimates.items()}


class Table(NamedTuple):
    """A table on a page: its title, the words under it, and its cells as text; the first of a row names the row."""

    title: str
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class ReportContent:
    """What the page shows; a part left empty leaves no trace.

    ``settings`` names the protocol and the average precision (``Report.settings``). ``summary`` is a sentence or two
    under the title; ``explanations`` how maps scored; ``data`` the splits in numbers; ``data_facts`` and
    ``environment`` name -> value; ``recipe`` TOML text; ``command`` what makes this run again.
    """

    title: str
    systems: Sequence[ScoreRow] = ()
    settings: str = ""
    summary: str = ""
    pictures: Sequence[Picture] = ()
    explanations: Sequence[Table] = ()
    data: Sequence[SplitSummary] = ()
    data_facts: Mapping[str, str] = field(default_factory=dict)
    recipe: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    command: str = ""


def write_report(path: Path, content: ReportContent) -> None:
    """Write the page, whole or not at all. Every text in it is escaped."""
    write_text(path, render_report(content))


def render_report(content: ReportContent) -> str:
    """The page as text."""
    return render("report.html", content=content, systems=content.systems)


def render(template: str, *, content: Any, systems: Sequence[ScoreRow]) -> str:
    """A page of ours from its template: ``content`` as its own, ``systems`` in its score table."""
    pages = Environment(
        loader=PackageLoader("reseen.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["breakable"] = _breakable
    return pages.get_template(template).render(
        content=content,
        columns=SCORES,
        best=_best(systems),
        skipped=_skipped(systems),
        picture_rows=list(rows_of(content.pictures)),
    )


def _breakable(name: str) -> Markup:
    """A name that a narrow column may break after its separators, rather than anywhere."""
    words = escape(name)
    for separator in "._/":
        words = words.replace(separator, Markup("{}<wbr>").format(separator))
    return words


def _best(systems: Sequence[ScoreRow]) -> dict[str, float]:
    """The highest value of each score, to set it off where there is something to compare."""
    if len(systems) < 2:
        return {}
    return {key: max(system.scores[key] for system in systems) for key in SCORES}


def _skipped(systems: Sequence[ScoreRow]) -> list[str]:
    """Why queries were skipped: said once where all systems skipped the same, which one protocol makes them do."""
    reasons = {
        system.name: ", ".join(f"{count} with {reason}" for reason, count in system.skipped.items())
        for system in systems
    }
    if len(set(reasons.values())) <= 1:
        return [f"Skipped queries: {text}." for text in set(reasons.values()) if text]
    return [f"Queries skipped by {name}: {text}." for name, text in reasons.items() if text]
