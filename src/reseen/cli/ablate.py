"""`reseen ablate`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from reseen.cli.options import Data, Quiet, progress_for, results, words
from reseen.errors import ReseenError


def ablate(
    recipe: Annotated[str, typer.Argument(help="A recipe: a TOML file, or the name of one that comes with reseen.")],
    data: Data,
    rows: Annotated[str, typer.Option(help="Models by name, comma-separated; NAME+metadata learns camera and view.")],
    out: Annotated[Path, typer.Option(help="The folder of all runs and of the table.")],
    *,
    seeds: Annotated[str, typer.Option(help="Numbers, comma-separated.")] = "0,1,2",
    set_: Annotated[
        list[str],
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting for all rows, e.g. training.epochs=20."),
    ] = [],  # noqa: B006 - typer copies it
    quiet: Quiet = False,
) -> None:
    """Train a recipe with several models and seeds, and print mean and spread beside the papers' rows.

    [bold]Examples[/bold]

    reseen ablate demo --rows efficientnet_lite0,efficientnet_lite0_lka --data demo/data --out runs/light

    reseen ablate lka-reid --rows mbr_4b,lka_reid,lka_reid+metadata --data VeRi --out runs/table-ii

    Stopped or killed, the same command goes on; finished rows are not trained again.
    """
    import reseen
    from reseen.engine.ablate import cells

    table = Table("row", "seeds", "mAP", "rank-1", "paper mAP / rank-1", "what differs")
    for row in reseen.ablate(
        recipe,
        rows=words(rows),
        seeds=_numbers(seeds),
        data=data,
        out=out,
        overrides=set_,
        progress=progress_for(quiet=quiet),
    ):
        table.add_row(*cells(row))
    results().print(table)


def _numbers(text: str) -> list[int]:
    numbers = words(text)
    wrong = [word for word in numbers if not word.isdecimal()]
    if wrong:
        raise ReseenError(f"--seeds: expected whole numbers of 0 or more, comma-separated, got '{wrong[0]}'")
    return [int(word) for word in numbers]
