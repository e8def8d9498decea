"""What several commands take, said once."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from reseen.engine.progress import Bar, Progress, Silent

Data = Annotated[
    Path,
    typer.Option(
        help="A data set: a Market-1501 or VeRi-776 folder, a CSV or Parquet table, or a folder per identity."
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but results and errors.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same result.")]


def progress_for(*, quiet: bool) -> Progress:
    """Bars on the error stream, or nothing."""
    from reseen.cli.progress import RichProgress

    return Silent() if quiet else RichProgress(Console(stderr=True))


def results() -> Console:
    """Where results go: the output stream, and where that is piped, wide enough for a table."""
    console = Console()
    return console if console.is_terminal else Console(width=max(console.width, 110))


@contextmanager
def counted(progress: Progress, description: str) -> Iterator[Callable[[int, int], None]]:
    """A bar for work that tells (done, total) and knows its total only when it begins."""
    with ExitStack() as stack:
        bars: list[Bar] = []
        shown = 0

        def tell(done: int, total: int) -> None:
            nonlocal shown
            if not bars:
                bars.append(stack.enter_context(progress.bar(description, total=total)))
            bars[0].advance(done - shown)
            shown = done

        yield tell
