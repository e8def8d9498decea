"""The contents of pages by their former names, which go in the next version: use Page, Section and write_page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reseen.data.summary import SplitSummary
from reseen.report.differences import Change, change_section
from reseen.report.differences import recipe_section as recipe_changes
from reseen.report.images import PageImage
from reseen.report.page import Page, Section, Table, write_page
from reseen.report.scores import Intervals, ScoreRow, score_section, with_difference
from reseen.report.sections import command_section, data_section, environment_section, recipe_section


@dataclass(frozen=True)
class ReportContent:
    """The page of a run; `page` makes it a `Page`."""

    title: str
    systems: Sequence[ScoreRow] = ()
    settings: str = ""
    summary: str = ""
    pictures: Sequence[PageImage] = ()
    explanations: Sequence[Table] = ()
    data: Sequence[SplitSummary] = ()
    data_facts: Mapping[str, str] = field(default_factory=dict)
    recipe: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    command: str = ""

    @property
    def page(self) -> Page:
        """The same as a `Page`."""
        sections = [
            Section("Explanations, scored", self.explanations),
            data_section(self.data, self.data_facts),
            command_section([self.command] if self.command else []),
            recipe_section(self.recipe),
            environment_section(self.environment),
        ]
        scores = score_section(self.systems, settings=self.settings)
        return Page(self.title, self.summary, scores, self.pictures, sections)


@dataclass(frozen=True)
class BesideContent:
    """The page of two runs; `page` makes it a `Page`."""

    first: ScoreRow
    second: ScoreRow
    settings: str = ""
    summary: str = ""
    differences: Intervals = field(default_factory=dict)
    pictures: Sequence[PageImage] = ()
    explanations: Sequence[Table] = ()
    data: Sequence[SplitSummary] = ()
    data_facts: Mapping[str, str] = field(default_factory=dict)
    recipe: Sequence[Change] = ()
    recipe_alike: int = 0
    environment: Sequence[Change] = ()
    commands: Sequence[str] = ()

    @property
    def title(self) -> str:
        """Both names."""
        return f"{self.first.name} and {self.second.name}"

    @property
    def page(self) -> Page:
        """The same as a `Page`."""
        names, rows = (self.first.name, self.second.name), (self.first, self.second)
        scores = with_difference(
            score_section(rows, heading="run", settings=self.settings), *rows, intervals=self.differences
        )
        sections = [
            Section("Explanations, scored", self.explanations),
            recipe_changes(self.recipe, names=names, alike=self.recipe_alike),
            change_section("Environment", self.environment, names=names),
            data_section(self.data, self.data_facts),
            command_section(self.commands),
        ]
        return Page(self.title, self.summary, scores, self.pictures, sections)


def write_content(path: Path, content: ReportContent | BesideContent) -> None:
    """`write_page` of either, which was called write_report and write_beside."""
    write_page(path, content.page)
