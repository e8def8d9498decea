"""`reseen explain`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from reseen.cli.console import progress_for, results, say
from reseen.cli.options import Quiet
from reseen.errors import ReseenError
from reseen.progress import Progress

if TYPE_CHECKING:
    from reseen.explain.queries import QuerySelection
    from reseen.explain.scoring import ScoredExplanations

ATTENTION, DEFAULT = "attention", "hires_cam"
"""The method that shows the model's own attention, which explains no similarity; and the default method."""


def explain(  # noqa: PLR0913 - one parameter an option
    run: Annotated[Path, typer.Argument(help="A folder that `reseen train` wrote.")],
    *,
    out: Annotated[
        Path | None,
        typer.Option(help="The folder to write to; explain/ in the run if left out, which its report shows."),
    ] = None,
    query: Annotated[
        list[str], typer.Option(metavar="NAME", help="A query by its file's name, or any image file; repeatable.")
    ] = [],  # noqa: B006 - typer copies it
    method: Annotated[
        str | None,
        typer.Option(
            help="hires_cam (if left out), grad_cam, decomposition, occlusion; or attention, the model's own."
        ),
    ] = None,
    stage: Annotated[
        str | None,
        typer.Option(help="stage1, stage2, ..., last_block of a ViT, or last; the method's own if left out."),
    ] = None,
    pairs: Annotated[
        int | None, typer.Option(min=1, help="How many queries, if none is named: 8; 40 with --score.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many entries of each ranking.")] = 1,
    worst: Annotated[bool, typer.Option("--worst", help="Take the queries that are ranked worst.")] = False,
    at: Annotated[
        tuple[float, float] | None,
        typer.Option(metavar="DOWN RIGHT", help="With attention: a position, as shares of height and width."),
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Where the data are now, if they have moved.")] = None,
    score: Annotated[
        Path | None,
        typer.Option(metavar="DATA", help="Score all methods, or one, on a data set of `reseen synth --masks`."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Show why a run takes two images for one identity, as maps over both. Or score such maps.

    [bold]Examples[/bold]

    reseen explain runs/market

    reseen explain runs/market --worst --pairs 20 --out failures

    reseen explain runs/market --query 0002_c1s1_000451_03.jpg --query mine.jpg --top 4 --out why

    reseen explain runs/rga --method attention --at 0.6 0.5 --out attention

    reseen explain runs/market --score vehicles-with-masks --out scored
    """
    from reseen.engine.run import open_run
    from reseen.explain.queries import QuerySelection

    progress, out = progress_for(quiet=quiet), out or open_run(run).explanations
    if score is not None:
        chosen = query or worst or stage is not None or at is not None or top != 1 or data is not None
        if chosen:
            raise ReseenError("--score: chooses queries and stages itself; expected only --pairs or --method beside it")
        files = _write_scores(run, score, out=out, pairs=pairs, method=method, progress=progress)
    else:
        queries = QuerySelection(query, count=pairs or QuerySelection.count, worst=worst, top=top)
        files = _write_maps(run, queries, out=out, method=method, stage=stage, at=at, data=data, progress=progress)
    say(*map(str, files))


def _write_maps(
    run: Path,
    queries: "QuerySelection",
    *,
    out: Path,
    method: str | None,
    stage: str | None,
    at: tuple[float, float] | None,
    data: Path | None,
    progress: Progress,
) -> list[Path]:
    from reseen.explain.explain_attention import explain_attention
    from reseen.explain.explain_run import explain_run

    if method == ATTENTION:
        if stage is not None:
            raise ReseenError("--stage: attention is shown wherever the model has it; leave --stage out")
        return explain_attention(run, out=out, queries=queries, position=at, data=data, progress=progress)
    method = method or DEFAULT
    if at is not None:
        raise ReseenError(f"--at: shows the attention to a position; expected --method attention, got {method}")
    return explain_run(run, out=out, queries=queries, method=method, stage=stage, data=data, progress=progress).files


def _write_scores(
    run: Path, data: Path, *, out: Path, pairs: int | None, method: str | None, progress: Progress
) -> list[Path]:
    from reseen.explain.scoring import PAIRS, score_explanations, write_scores

    scored = score_explanations(run, data, pairs=pairs or PAIRS, method=method, progress=progress)
    files = write_scores(scored, out)
    for table in _tables(scored):
        results().print(table)
    return files


def _tables(scored: "ScoredExplanations") -> list[Table]:
    from reseen.explain.scoring import COLUMNS, TITLES, alone, caption, score_rows

    tables = []
    for question in scored.questions:
        table = Table(
            *COLUMNS,
            title=TITLES[question.name],
            caption=f"{caption(question)} * significantly better than a centre prior (95 %)",
        )
        for row in score_rows(question, show=alone):
            table.add_row(*row)
        tables.append(table)
    return tables
