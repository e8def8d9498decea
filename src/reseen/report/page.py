"""A page: one HTML file that needs no network and no script, of scores, images and sections.

The pages of a run, of two runs, of a task and of a linking are values of the same model. All text is escaped.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from reseen.files import write_text
from reseen.report.cards import Card
from reseen.report.histogram import Histogram
from reseen.report.images import PageImage, rows_of
from reseen.report.timeline import Timeline


class Cell(NamedTuple):
    """A cell with more than its text: a smaller ``note`` under it, a bar of ``share`` (0 to 1) behind it, bold type."""

    text: str
    note: str = ""
    share: float | None = None
    best: bool = False


class Table(NamedTuple):
    """Rows of cells, of which the first names the row; without ``columns`` the table has no head.

    ``kind`` is its style: "scores", "dense" for many numbers, "facts" and "changes" for text.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | Cell]]
    caption: str = ""
    kind: Literal["", "scores", "dense", "facts", "changes"] = ""


class Section(NamedTuple):
    """A part of a page: charts, cards, tables, then ``notes`` in small type, then blocks of ``code``, folded under
    ``fold`` if given. With charts or cards, the notes stand before them;
    cards after the first ``open_cards`` are folded.

    A table shows its own title where that is not the section's.
    """

    title: str
    tables: Sequence[Table] = ()
    notes: Sequence[str] = ()
    code: Sequence[str] = ()
    fold: str = ""
    charts: Sequence[Timeline | Histogram] = ()
    cards: Sequence[Card] = ()
    open_cards: int = 12

    @property
    def timelines(self) -> list[Timeline]:
        """Charts that take the whole width."""
        return [chart for chart in self.charts if isinstance(chart, Timeline)]

    @property
    def histograms(self) -> list[Histogram]:
        """Charts that stand side by side."""
        return [chart for chart in self.charts if isinstance(chart, Histogram)]

    @property
    def anchor(self) -> str:
        """What a link in the page calls it."""
        return re.sub(r"\W+", "-", self.title.lower()).strip("-")

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.tables or self.notes or self.code or self.charts or self.cards)


NO_SCORES = Section("Scores")


@dataclass(frozen=True)
class Page:
    """What a page shows, from top to bottom; ``summary`` is a sentence or two. Empty parts leave no trace."""

    title: str
    summary: str = ""
    scores: Section = NO_SCORES
    images: Sequence[PageImage] = ()
    sections: Sequence[Section] = ()


def write_page(path: Path, page: Page) -> None:
    """Write the page as HTML, whole or not at all.

    Args:
        path: The file to write; its folder must exist.
        page: What to show.

    Raises:
        ReseenError: The file cannot be written.
        ValueError: An image is neither PNG nor JPEG.

    Example:
        >>> import tempfile
        >>> scores = Section("Scores", [Table("mAP", ("system", "mAP"), [("trained", "46.5 %")])])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_page(Path(folder) / "page.html", Page("My run", scores=scores))
    """
    write_text(path, render(page))


def render(page: Page) -> str:
    """The page as HTML."""
    templates = Environment(
        loader=PackageLoader("reseen.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["breakable"] = _breakable
    return templates.get_template("page.html").render(
        page=page,
        sections=[section for section in page.sections if not section.empty],
        image_rows=list(rows_of(page.images)),
    )


def _breakable(name: str) -> Markup:
    """A name that a narrow column may break after its separators, rather than anywhere."""
    words = escape(name)
    for separator in "._/":
        words = words.replace(separator, Markup("{}<wbr>").format(separator))
    return words
