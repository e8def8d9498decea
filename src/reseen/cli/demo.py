"""`reseen demo`."""

from pathlib import Path
from typing import Annotated

import typer

from reseen.cli.console import progress_for, results, say
from reseen.cli.options import Quiet


def demo(
    *,
    out: Annotated[Path, typer.Option(help="The folder for data, run and report.")] = Path("demo"),
    cameras: Annotated[
        bool,
        typer.Option(
            "--cameras",
            help="Link the tracks of a small town of cameras with that network.",
        ),
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Render vehicles, train on them, find them again across cameras, and write a report.

    Takes some minutes on two cores and downloads nothing. After a stop, the same command continues.

    [bold]Examples[/bold]

    reseen demo --out demo

    reseen demo --out demo --cameras
    """
    if cameras:
        _link_town(out, quiet=quiet)
        return
    import reseen
    from reseen.cli.scores import score_table

    done = reseen.demo(out, progress=progress_for(quiet=quiet))
    results().print(score_table(done.scores))
    for name, path in (("data", done.data), ("run", done.run.path), ("report", done.report)):
        say(f"{name}: {path}")


def _link_town(out: Path, *, quiet: bool) -> None:
    import reseen
    from reseen.cli.link import tell

    done = reseen.demo_cameras(out, progress=progress_for(quiet=quiet))
    tell(done.linked)
    for name, path in (("town", done.town), ("run", done.run.path), ("report", done.report)):
        say(f"{name}: {path}")
