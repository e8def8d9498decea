"""What several commands take, said once."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from reseen.engine.progress import Progress, Silent

Data = Annotated[
    Path,
    typer.Option(
        help="A data set: a Market-1501 or VeRi-776 folder, a CSV or Parquet table, or a folder per identity."
    ),
]
Device = Annotated[str, typer.Option(help="As PyTorch names it: cpu, cuda, cuda:1.")]
NetworkSource = Annotated[
    str,
    typer.Option(
        help="A run, a weights file, an export (.onnx, .xml, .pt2), or a Hub repository owner/name[@revision]; a plain "
        "ImageNet baseline if left out."
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
