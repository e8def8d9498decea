"""Where commands speak: results on the output stream, progress on the error stream."""

from rich.console import Console

from reseen.engine.progress import Progress, Silent


def progress_for(*, quiet: bool) -> Progress:
    """Bars on the error stream, or nothing."""
    from reseen.cli.progress import RichProgress

    return Silent() if quiet else RichProgress(Console(stderr=True))


def results() -> Console:
    """Where results go: the output stream, and where that is piped, wide enough for a table."""
    console = Console()
    return console if console.is_terminal else Console(width=max(console.width, 110))


def say(*lines: str) -> None:
    """Results in words: a line is as long as it is, and nothing in it is taken for markup."""
    results().print(*lines, sep="\n", highlight=False, markup=False, soft_wrap=True)
