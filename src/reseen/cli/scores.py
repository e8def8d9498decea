"""Scores as a table on the terminal."""

from collections.abc import Mapping

from rich.table import Table

from reseen.metrics import Report

COLUMNS = ("mAP", "rank1", "rank5", "mINP")


def score_table(systems: Mapping[str, Report]) -> Table:
    """One row a system, in percent, and under it the protocol with what was evaluated and skipped."""
    table = Table("system", *COLUMNS, caption_justify="left")
    for name, report in systems.items():
        scores = report.scores()
        table.add_row(name, *(f"{scores[column]:.1%}" for column in COLUMNS))
    last = next(reversed(list(systems.values())))
    skipped = ", ".join(f"{count} skipped: {reason}" for reason, count in last.skipped.items())
    table.caption = f"{last.settings}; {last.evaluated} queries evaluated" + (f", {skipped}" if skipped else "")
    return table


def plain_table(systems: Mapping[str, Mapping[str, object]], *, columns: Mapping[str, str]) -> Table:
    """One row a system of scores.json, in percent; a column that no system has is left out."""
    shown = {key: words for key, words in columns.items() if any(key in row for row in systems.values())}
    table = Table("system", *shown.values())
    for name, row in systems.items():
        table.add_row(name, *(f"{row[key]:.1%}" if key in row else "" for key in shown))
    return table
