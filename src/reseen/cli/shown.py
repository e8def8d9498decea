"""A task's run as its commands end: the scores as a table, and where its page is."""

from collections.abc import Mapping
from pathlib import Path

from reseen.cli.output import results, say
from reseen.cli.scores import plain_table
from reseen.engine.run import Run


def show_run(run: Run, *, columns: Mapping[str, str], page: Path | None = None) -> None:
    """Print the run's scores, of which ``columns`` says which and under what heading, and the path of its page."""
    results().print(plain_table(run.scores(), columns=columns))
    if page is not None:
        say(f"report: {page}")
