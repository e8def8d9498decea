"""Where commands speak: results on the output stream, progress on the error stream."""

from rich.console import Console

from reseen.progress import Progress, Silent


def progress_for(*, quiet: bool) -> Progress:
    """Bars on the error stream, or nothing."""
    from reseen.cli.progress import RichProgress

    return Silent() if quiet else RichProgress(plain_console(stderr=True))


def results() -> Console:
    """Where results go: the output stream, and where that is piped, wide enough for a table."""
    console = plain_console()
    return console if console.is_terminal else plain_console(width=max(console.width, 110))


def plain_console(*, stderr: bool = False, width: int | None = None) -> Console:
    """A console that prints paths and names as they are: nothing in them is taken for markup or for an emoji's name."""
    return Console(stderr=stderr, width=width, markup=False, emoji=False)


def say(*lines: str) -> None:
    """Results in words: a line is as long as it is."""
    results().print(*lines, sep="\n", highlight=False, soft_wrap=True)
