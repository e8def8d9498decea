"""`reseen report`."""

from pathlib import Path
from typing import Annotated

import typer

from reseen.cli.console import progress_for, say
from reseen.cli.options import Quiet
from reseen.errors import ReseenError


def report(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN [RUN]", help="One or two folders that `reseen train` wrote, or one of `reseen link`."
        ),
    ],
    *,
    data: Annotated[Path | None, typer.Option(help="Where the data are now, if they have moved.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="The page to write; report.html or beside-NAME.html in the last run if left out."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Write the page of a run or a linking again, or one page that compares two runs.

    [bold]Examples[/bold]

    reseen report runs/market

    reseen report runs/plain runs/attention --out comparison.html

    reseen report linked

    The page is one file that needs no network. Saved embeddings of the runs are used.
    """
    from reseen.report.comparison_page import report_pair
    from reseen.report.linking.saved import is_linking
    from reseen.report.linking_page import report_linking
    from reseen.report.run_page import report_run

    progress = progress_for(quiet=quiet)
    if len(runs) > 2:
        raise ReseenError(f"report: expected one run or two, got {len(runs)}")
    if len(runs) == 2:
        page = report_pair(runs[0], runs[1], data=data, out=out, progress=progress)
    elif is_linking(runs[0]):
        page = report_linking(runs[0], data=data, out=out)
    else:
        page = report_run(runs[0], data=data, out=out, progress=progress)
    say(f"report: {page}")
