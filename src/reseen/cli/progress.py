"""Progress bars and lines on the terminal, with rich."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


@dataclass(frozen=True)
class RichBar:
    """The bar of one task of a live display."""

    shown: Progress
    task: TaskID

    def advance(self, count: int = 1, *, note: str = "") -> None:
        """Move the bar on."""
        self.shown.update(self.task, advance=count, note=note)


class RichProgress:
    """A `reseen.progress.Progress` on the error stream, so that results can be piped."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Progress | None = None

    @contextmanager
    def bar(self, description: str, *, total: int) -> Iterator[RichBar]:
        """Show a bar with counts, elapsed time and ETA; bars inside a bar stand below it."""
        with self._display() as shown:
            task = shown.add_task(description, total=total, note="")
            try:
                yield RichBar(shown, task)
            finally:
                shown.refresh()
                shown.remove_task(task)

    def say(self, line: str) -> None:
        """Print one line above the bars."""
        self._console.print(line, highlight=False, markup=False, emoji=False, soft_wrap=True)

    @contextmanager
    def _display(self) -> Iterator[Progress]:
        if self._live is not None:
            yield self._live
            return
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", markup=False),
        )
        hidden = not self._console.is_terminal  # in a log file bars would be empty lines
        with Progress(*columns, console=self._console, transient=True, disable=hidden) as shown:
            self._live = shown
            try:
                yield shown
            finally:
                self._live = None
