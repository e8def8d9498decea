"""The page of two runs: their scores and the difference, the same queries in both, and what differs between them."""

from pathlib import Path

import numpy as np

from reseen.engine.run import Run, open_run
from reseen.metrics import Comparison, compare
from reseen.progress import Progress, Silent
from reseen.report.comparison_images import comparison_images
from reseen.report.differences import change_section, changes, flat_settings, recipe_section
from reseen.report.page import Page, Section, Table, write_page
from reseen.report.run_scores import RunScores, scored_pair
from reseen.report.saved_scores import saved_scores
from reseen.report.scores import interval_ends, score_section, with_difference
from reseen.report.sections import command_of, command_section, data_of, environment_of, recipe_text
from reseen.tasks.reid.results import intervals_of
from reseen.tasks.reid.scoring import Evaluated


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
    opened = [run if isinstance(run, Run) else open_run(Path(run)) for run in (first, second)]
    runs = scored_pair(opened, data=data, progress=progress)
    names = (runs[0].name, runs[1].name)
    page = runs[1].run.path / f"beside-{names[0].replace('/', '-')}.html" if out is None else Path(out)
    comparison = _comparison(runs[0].result, runs[1].result)
    content = Page(
        title=f"{names[0]} and {names[1]}",
        summary=_summary(runs, comparison),
        scores=_scores(runs, comparison),
        images=list(comparison_images(runs, progress=progress)),
        sections=_sections(runs, names=names),
    )
    write_page(page, content)
    return page


def _sections(runs: tuple[RunScores, RunScores], *, names: tuple[str, str]) -> list[Section]:
    recipes = [flat_settings(recipe_text(run.run)) for run in runs]
    changed = changes(*recipes)
    return [
        Section("Explanations, scored", [_named(table, run) for run in runs for table in saved_scores(run.run)]),
        recipe_section(changed, names=names, alike=len(recipes[0].keys() | recipes[1].keys()) - len(changed)),
        change_section("Environment", changes(*(environment_of(run.run) for run in runs)), names=names),
        data_of(runs[0].run, runs[0].result.splits),
        command_section([command_of(run.run) for run in runs]),
    ]


def _comparison(first: Evaluated, second: Evaluated) -> Comparison | None:
    """None where too few identities have an evaluated query for an interval."""
    return compare(first.report, second.report, first.query.identities) if intervals_of(first) else None


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


def _named(table: Table, run: RunScores) -> Table:
    return table._replace(title=f"{table.title}: {run.name}")
