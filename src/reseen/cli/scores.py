"""Scores as tables and lines on the terminal."""

from collections.abc import Mapping
from pathlib import Path

from rich.table import Table

from reseen.cli.console import results, say
from reseen.engine.run import Run
from reseen.metrics import Estimate, Report
from reseen.tasks.reid.results import CONFIDENCE
from reseen.tasks.reid.scoring import Evaluated

COLUMNS = ("mAP", "rank1", "rank5", "mINP")


def score_table(systems: Mapping[str, Report]) -> Table:
    """One row a system, in percent; the caption says the protocol and how many queries were evaluated and skipped."""
    table = Table("system", *COLUMNS, caption_justify="left")
    for name, report in systems.items():
        scores = report.scores()
        table.add_row(name, *(f"{scores[column]:.1%}" for column in COLUMNS))
    last = next(reversed(list(systems.values())))
    table.caption = "; ".join([last.settings, f"{last.evaluated} queries evaluated", *_skipped(last)])
    return table


def show_run(run: Run, *, columns: Mapping[str, str], page: Path | None = None) -> None:
    """Print a run's scores and the path of its page.

    Args:
        run: The run, whose scores are percentages of systems.
        columns: Which scores to print -> the heading of the column; a score that no system has is left out.
        page: The run's page, if it was written.
    """
    systems = run.scores()
    headings = {key: words for key, words in columns.items() if any(key in row for row in systems.values())}
    table = Table("system", *headings.values())
    for name, row in systems.items():
        table.add_row(name, *(f"{row[key]:.1%}" if key in row else "" for key in headings))
    results().print(table)
    if page is not None:
        say(f"report: {page}")


def interval_table(result: Evaluated, intervals: Mapping[str, Estimate]) -> Table:
    """One row a score, in percent, with its interval over identities where it has one."""
    table = Table("score", "value", f"{CONFIDENCE:.0%} interval")
    for score, value in result.report.scores().items():
        interval = intervals.get(score)
        table.add_row(
            score, f"{value:.1%}", f"{interval.low:.1%} to {interval.high:.1%}" if interval else "two identities needed"
        )
    return table


def evaluation_lines(result: Evaluated) -> list[str]:
    """The rules, how many queries were evaluated, and how many were skipped for which reason."""
    report = result.report
    sizes = f"{report.evaluated:,} of {len(result.query):,} queries evaluated, {len(result.gallery):,} gallery images"
    lines = [report.settings, "; ".join([sizes, *_skipped(report)])]
    if report.trial_deviation is not None:
        lines.append(f"mAP varies by {100 * report.trial_deviation:.1f} points (standard deviation) over the trials")
    return lines


def _skipped(report: Report) -> list[str]:
    return [f"{count:,} skipped: {reason}" for reason, count in report.skipped.items()]
