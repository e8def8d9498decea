"""The page of two runs: their scores and the difference, the same queries in both, and what differs between them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from reseen.draw.curves import plot_cmc, plot_paired
from reseen.draw.select import changed_queries
from reseen.draw.sheet import draw_sheet, rank_columns
from reseen.engine.run import Run, open_run
from reseen.errors import ReseenError
from reseen.metrics import Comparison, compare
from reseen.progress import Progress, Silent
from reseen.report.differences import change_section, changes, distinct_names, flat_settings, recipe_section
from reseen.report.drawings import DRAWINGS, FRAMES_EXPLAINED, TOP, query_outcome, tiles_of
from reseen.report.images import PageImage, image_of
from reseen.report.page import Page, Section, Table, write_page
from reseen.report.run_page import draw_run
from reseen.report.saved_maps import saved_maps
from reseen.report.saved_scores import saved_scores
from reseen.report.scores import ScoreRow, interval_ends, score_section, with_difference
from reseen.report.sections import command_of, command_section, data_of, environment_of, recipe_text
from reseen.tasks.reid.results import intervals_of
from reseen.tasks.reid.saved_evaluation import saved_evaluation
from reseen.tasks.reid.scoring import Evaluated

_PAIRED = "One point per query, at its average precision in either run; above the diagonal the second run is better."
_EACH = ("training", "similarities")
"""Drawings that either run has of its own."""


class RunScores(NamedTuple):
    """One of the two runs: what the page calls it, its folder, and its evaluation."""

    name: str
    run: Run
    result: Evaluated

    @property
    def row(self) -> ScoreRow:
        """Its row in the score table."""
        return ScoreRow.of(self.name, self.result.report, intervals=interval_ends(intervals_of(self.result)))


def report_pair(
    first: Run | Path | str,
    second: Run | Path | str,
    *,
    data: Path | str | None = None,
    out: Path | str | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write one page that compares two runs scored on the same queries and gallery under the same rules.

    Args:
        first: A run directory.
        second: Another one; differences are second minus first.
        data: The folder of the images, if they have moved since the runs were trained.
        out: The page to write; ``beside-NAME.html`` in the second run if left out.
        progress: Where to show progress; silent if left out.

    Returns:
        The path of the page.

    Raises:
        ReseenError: The same run twice, or runs scored on other queries, another gallery or under other rules.

    Example:
        ```python
        # not run: needs two trained runs
        page = reseen.report_pair("runs/plain", "runs/attention")
        ```
    """
    progress = progress or Silent()
    runs = _scored([run if isinstance(run, Run) else open_run(Path(run)) for run in (first, second)], data, progress)
    names = (runs[0].name, runs[1].name)
    page = runs[1].run.path / f"beside-{names[0].replace('/', '-')}.html" if out is None else Path(out)
    recipes = [flat_settings(recipe_text(run.run)) for run in runs]
    changed = changes(*recipes)
    comparison = _comparison(runs[0].result, runs[1].result)
    content = Page(
        title=f"{names[0]} and {names[1]}",
        summary=_summary(runs, comparison),
        scores=_scores(runs, comparison),
        images=list(_images(runs, progress=progress)),
        sections=[
            Section("Explanations, scored", [_named(table, run) for run in runs for table in saved_scores(run.run)]),
            recipe_section(changed, names=names, alike=len(recipes[0].keys() | recipes[1].keys()) - len(changed)),
            change_section("Environment", changes(*(environment_of(run.run) for run in runs)), names=names),
            data_of(runs[0].run, runs[0].result.splits),
            command_section([command_of(run.run) for run in runs]),
        ],
    )
    write_page(page, content)
    return page


def _scored(runs: Sequence[Run], data: Path | str | None, progress: Progress) -> tuple[RunScores, RunScores]:
    paths = [run.path for run in runs]
    if paths[0].resolve() == paths[1].resolve():
        raise ReseenError(f"{paths[0]}: expected two different runs, got the same twice")
    first, second = (
        RunScores(name, run, saved_evaluation(run, data=data, progress=progress))
        for name, run in zip(distinct_names(*paths), runs, strict=True)
    )
    _require_comparable(first, second)
    return first, second


def _comparison(first: Evaluated, second: Evaluated) -> Comparison | None:
    """None where too few identities have an evaluated query for an interval."""
    return compare(first.report, second.report, first.query.identities) if intervals_of(first) else None


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


def _scores(runs: tuple[RunScores, RunScores], comparison: Comparison | None) -> Section:
    rows = [run.row for run in runs]
    section = score_section(rows, heading="run", settings=runs[0].result.report.settings)
    differences = {} if comparison is None else comparison.differences
    intervals = interval_ends({score: change.difference for score, change in differences.items()})
    return with_difference(section, *rows, intervals=intervals)


def _summary(runs: tuple[RunScores, RunScores], comparison: Comparison | None) -> str:
    first, second = (run.result.report.average_precisions for run in runs)
    verdict = "" if comparison is None else " " + comparison.sentence(runs[0].name, runs[1].name)
    return (
        f"Two runs, scored on the same gallery of {len(runs[0].result.gallery)} images. "
        f"Of {np.isfinite(first).sum()} queries, {runs[1].name} ranks {(second > first).sum()} better, "
        f"{runs[0].name} {(second < first).sum()}, and {(second == first).sum()} are ranked equally well by both."
        f"{verdict}"
    )


def _images(runs: tuple[RunScores, RunScores], *, progress: Progress) -> Iterator[PageImage]:
    first, second = (run.result for run in runs)
    changed = changed_queries(first.report, second.report, first.query.identities)
    for rows, winner in ((changed.better, runs[1]), (changed.worse, runs[0])):
        if rows:
            yield _sheet(runs, rows, winner=winner.name)
    for run in runs:
        yield from (_of_run(run, image) for image in saved_maps(run.run))
    cmc = plot_cmc({run.name: run.result.report.cmc for run in runs})
    yield image_of(cmc, title="Cumulative matches", caption=DRAWINGS["cmc"].caption)
    paired = plot_paired(
        first.report.average_precisions, second.report.average_precisions, names=(runs[0].name, runs[1].name)
    )
    yield image_of(paired, title="Query by query", caption=_PAIRED)
    drawn = [draw_run(run.run, run.result, names=_EACH, progress=progress) for run in runs]
    for name in _EACH:
        for run, images in zip(runs, drawn, strict=True):
            if name in images:
                yield replace(_of_run(run, images[name]), group=name)


def _of_run(run: RunScores, image: PageImage) -> PageImage:
    return replace(image, title=f"{image.title}: {run.name}")


def _named(table: Table, run: RunScores) -> Table:
    return table._replace(title=f"{table.title}: {run.name}")


def _sheet(runs: tuple[RunScores, RunScores], queries: list[int], *, winner: str) -> PageImage:
    """The same queries ranked by either run, one under the other."""
    rows, titles = [], []
    for query, *ranked in zip(queries, *(tiles_of(run.result, queries) for run in runs), strict=True):
        for run, tiles in zip(runs, ranked, strict=True):
            rows.append(tiles)
            titles.append(f"{run.name}: {query_outcome(run.result.report, query)}")
    caption = (
        f"The queries whose average precision differs most in favour of {winner}, one per identity, each as ranked by "
        f"either run. {FRAMES_EXPLAINED}"
    )
    sheet = draw_sheet(rows, columns=rank_columns(TOP), titles=titles)
    return image_of(sheet, title=f"Where {winner} is better", caption=caption)
