"""Consoles of the commands: results on the output stream, progress on the error stream."""

from rich.console import Console

from reseen.progress import SILENT, Progress


def progress_for(*, quiet: bool) -> Progress:
    """Progress bars on the error stream, or none with --quiet."""
    from reseen.cli.progress import RichProgress

    return SILENT if quiet else RichProgress(plain_console(stderr=True))


def results() -> Console:
    """The console for results: the output stream, wide enough for a table where it is piped."""
    console = plain_console()
    return console if console.is_terminal else plain_console(width=max(console.width, 110))


def plain_console(*, stderr: bool = False, width: int | None = None) -> Console:
    """A console that prints paths and names as they are, without markup and without emoji names."""
    return Console(stderr=stderr, width=width, markup=False, emoji=False)


def say(*lines: str) -> None:
    """Print results as lines, without breaking long ones."""
    results().print(*lines, sep="\n", highlight=False, soft_wrap=True)
