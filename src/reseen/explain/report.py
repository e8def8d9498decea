"""report.html: a run on one self-contained page that needs no network and no script."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Self

from jinja2 import Environment, PackageLoader, StrictUndefined

from reseen.engine.files import write_text
from reseen.metrics import Report

SCORES = {"mAP": "mAP", "rank1": "rank-1", "rank5": "rank-5", "mINP": "mINP"}
"""The score table's columns: key in ``Report.scores()`` -> heading."""

_MEDIA_TYPES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg"}


@dataclass(frozen=True)
class ScoreRow:
    """One system's scores as fractions, how many queries they are the mean of, and how many were skipped, by reason."""

    name: str
    scores: Mapping[str, float]
    evaluated: int
    skipped: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, report: Report) -> Self:
        """A named system's row from its report."""
        return cls(name, report.scores(), evaluated=report.evaluated, skipped=report.skipped)


class DataRow(NamedTuple):
    """One split of the data in numbers; None where a number is not known."""

    split: str
    images: int
    identities: int
    cameras: int | None = None
    views: int | None = None


@dataclass(frozen=True)
class Picture:
    """A drawing as PNG or JPEG bytes. ``wide`` ones take the whole width, and scroll on a phone."""

    title: str
    caption: str
    data: bytes
    wide: bool = False

    @property
    def source(self) -> str:
        """The picture itself as a data URI."""
        kinds = [kind for start, kind in _MEDIA_TYPES.items() if self.data.startswith(start)]
        if not kinds:
            raise ValueError(f"picture '{self.title}': expected PNG or JPEG bytes")
        return f"data:{kinds[0]};base64,{base64.b64encode(self.data).decode()}"


@dataclass(frozen=True)
class ReportContent:
    """What the page shows; a part left empty leaves no trace.

    ``settings`` names the protocol and the average precision (``Report.settings``). ``summary`` is a sentence or two
    under the title; ``recipe`` TOML text; ``environment`` name -> value; ``command`` what makes this run again.
    """

    title: str
    systems: Sequence[ScoreRow] = ()
    settings: str = ""
    summary: str = ""
    pictures: Sequence[Picture] = ()
    data: Sequence[DataRow] = ()
    recipe: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    command: str = ""


def sheet_picture(data: bytes) -> Picture:
    """A ranked sheet with the words that explain it."""
    caption = (
        "Each row: a query (blue frame) and the gallery pictures most similar to it, the best at the left. A green "
        "frame with a tick shows the same identity, a red one with a cross another. Under each picture stand identity, "
        "camera and cosine similarity. Rows go from the query with the highest average precision to the lowest."
    )
    return Picture("What it finds", caption, data, wide=True)


def cmc_picture(data: bytes) -> Picture:
    """A CMC plot with the words that explain it."""
    return Picture("Cumulative matches", "Share of queries with at least one match among the first k.", data)


def training_picture(data: bytes) -> Picture:
    """Training curves with the words that explain them."""
    return Picture("Training", "Mean of each epoch; mAP after the epochs that were scored.", data)


def write_report(path: Path, content: ReportContent) -> None:
    """Write the page, whole or not at all. Every text in it is escaped."""
    write_text(path, render_report(content))


def render_report(content: ReportContent) -> str:
    """The page as text."""
    pages = Environment(
        loader=PackageLoader("reseen.explain"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return pages.get_template("report.html").render(
        content=content, columns=SCORES, best=_best(content.systems), skipped=_skipped(content.systems)
    )


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
