"""`reseen check`."""

from pathlib import Path
from typing import Annotated

import typer

from reseen.cli.console import progress_for, results
from reseen.cli.options import Quiet, Seed
from reseen.progress import as_callback


def check(
    data: Annotated[Path, typer.Argument(help="A data set, in any layout that reseen reads.")],
    *,
    layout: Annotated[str, typer.Option(help="auto, or a layout that `reseen datasets` lists.")] = "auto",
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Check a data set before training: counts, unreadable images, duplicates, queries without a match.

    Counts are compared with those published for the layout.

    Exit code 0: no findings. 1: findings. 2: the data cannot be read.

    [bold]Examples[/bold]

    reseen check Market-1501-v15.09.15

    reseen check my.csv
    """
    import reseen

    with as_callback(progress_for(quiet=quiet), "check images") as progress:
        report = reseen.check(data, layout=layout, seed=seed, progress=progress)
    results().print(report.tables(), *report.lines(), sep="\n", highlight=False, soft_wrap=True)
    raise typer.Exit(1 if report.findings else 0)
