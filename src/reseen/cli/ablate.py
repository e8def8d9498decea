"""`reseen ablate`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from reseen.cli.console import progress_for, results
from reseen.cli.options import Data, Overrides, Quiet, Recipe, words
from reseen.errors import ReseenError


def ablate(
    recipe: Recipe,
    data: Data,
    rows: Annotated[
        str,
        typer.Option(
            help="Comma-separated. Re-ID: models by name; NAME+metadata learns camera and view. "
            "Classification and segmentation: baseline, and attentions by name."
        ),
    ],
    *,
    out: Annotated[Path, typer.Option(help="The folder for all runs and the table.")],
    seeds: Annotated[str, typer.Option(help="Numbers, comma-separated.")] = "0,1,2",
    set_: Overrides = [],  # noqa: B006 - typer copies it
    quiet: Quiet = False,
) -> None:
    """Train a recipe with several models (or attentions) and seeds; print mean and spread beside the papers' scores.

    [bold]Examples[/bold]

    reseen ablate demo --rows efficientnet_lite0,efficientnet_lite0_lka --data demo/data --out runs/light

    reseen ablate lka-reid --rows mbr_4b,lka_reid,lka_reid+metadata --data VeRi --out runs/table-ii

    reseen ablate classify-bodytype-rga-sc --rows baseline,rga_s,rga_c,rga_sc --data vehicles --out runs/bodytype

    After a stop, the same command continues; finished rows are not trained again.
    """
    import reseen
    from reseen.engine.ablation import cells, headings

    table_rows = reseen.ablate(
        recipe,
        rows=words(rows),
        seeds=_numbers(seeds),
        data=data,
        out=out,
        overrides=set_,
        progress=progress_for(quiet=quiet),
    )
    table = Table(*headings(table_rows[0]))
    for row in table_rows:
        table.add_row(*cells(row))
    results().print(table)


def _numbers(text: str) -> list[int]:
    numbers = words(text)
    wrong = [word for word in numbers if not word.isdecimal()]
    if wrong:
        raise ReseenError(f"--seeds: expected whole numbers of 0 or more, comma-separated, got '{wrong[0]}'")
    return [int(word) for word in numbers]
