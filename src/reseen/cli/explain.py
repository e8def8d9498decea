"""`reseen explain`."""

from pathlib import Path
from typing import Annotated

import typer

from reseen.cli.options import Quiet, progress_for, results
from reseen.errors import ReseenError

ATTENTION = "attention"
"""What --method calls the model's own attention, which is no method of explaining a similarity."""


def explain(  # noqa: PLR0913 - one parameter an option
    run: Annotated[Path, typer.Argument(help="A folder that `reseen train` wrote.")],
    *,
    out: Annotated[Path, typer.Option(help="The folder to write sheets and numbers to.")],
    query: Annotated[
        list[str], typer.Option(metavar="NAME", help="A query by its file's name, or any picture file; repeatable.")
    ] = [],  # noqa: B006 - typer copies it
    method: Annotated[
        str, typer.Option(help="hires_cam, grad_cam, decomposition, occlusion; or attention: the model's own.")
    ] = "hires_cam",
    stage: Annotated[
        str | None, typer.Option(help="stage1, stage2, ... or last; the method's own if left out.")
    ] = None,
    pairs: Annotated[int, typer.Option(min=1, help="How many queries to show when none is named.")] = 8,
    top: Annotated[int, typer.Option(min=1, help="How many entries of each ranking.")] = 1,
    worst: Annotated[bool, typer.Option("--worst", help="The queries that are ranked worst.")] = False,
    at: Annotated[
        tuple[float, float] | None,
        typer.Option(metavar="DOWN RIGHT", help="With attention: a place, as shares of height and width."),
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Where the run's data are now.")] = None,
    quiet: Quiet = False,
) -> None:
    """Show why a run takes two pictures for the same: maps over both, as sheets.

    [bold]Examples[/bold]

    reseen explain runs/market --out why

    reseen explain runs/market --worst --pairs 20 --out failures

    reseen explain runs/market --query 0002_c1s1_000451_03.jpg --query mine.jpg --top 4 --out why

    reseen explain runs/rga --method attention --at 0.6 0.5 --out attention
    """
    from reseen.explain.asked import Wanted
    from reseen.explain.explain_attention import explain_attention
    from reseen.explain.explain_run import explain_run

    if at is not None and method != ATTENTION:
        raise ReseenError(f"--at: shows what attention relates to a place; expected --method attention, got {method}")
    if stage is not None and method == ATTENTION:
        raise ReseenError("--stage: attention is shown wherever the model has it; leave --stage out")
    progress = progress_for(quiet=quiet)
    wanted = Wanted(query, count=pairs, worst=worst, top=top)
    if method == ATTENTION:
        files = explain_attention(run, out=out, wanted=wanted, position=at, data=data, progress=progress)
    else:
        files = explain_run(run, out=out, wanted=wanted, method=method, stage=stage, data=data, progress=progress).files
    for file in files:
        results().print(str(file), highlight=False, markup=False, soft_wrap=True)
