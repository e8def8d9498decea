"""`reseen demo`."""

from pathlib import Path
from typing import Annotated

import typer

from reseen.cli.console import progress_for, results, say
from reseen.cli.options import Quiet


def demo(
    *,
    out: Annotated[Path, typer.Option(help="The folder for data, run and report.")] = Path("demo"),
    quiet: Quiet = False,
) -> None:
    """Render vehicles, train on them, find them again across cameras, and write a report.

    Takes some minutes on two cores and downloads nothing. After a stop, the same command continues.

    [bold]Example[/bold]

    reseen demo --out demo
    """
    import reseen
    from reseen.cli.scores import score_table

    done = reseen.demo(out, progress=progress_for(quiet=quiet))
    results().print(score_table(done.scores))
    for name, path in (("data", done.data), ("run", done.run.path), ("report", done.report)):
        say(f"{name}: {path}")
