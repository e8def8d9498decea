"""`reseen profile`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from reseen.cli.console import results
from reseen.errors import ReseenError

if TYPE_CHECKING:
    from reseen.profiling.profile import Profile


def profile(
    name: Annotated[str, typer.Argument(help="A model that `reseen models` lists.")] = "",
    *,
    identities: Annotated[int, typer.Option(min=1, help="Training identities of the classifiers.")] = 575,
    image_size: Annotated[
        tuple[int, int] | None, typer.Option(metavar="H W", help="In pixels; the paper's size if left out.")
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Also write the counts to this file.")] = None,
    paper: Annotated[bool, typer.Option("--paper", help="Our counts beside those in the papers.")] = False,
) -> None:
    """Count a model: parameters, multiply-adds by kind, activations, part by part.

    [bold]Examples[/bold]

    reseen profile lka_reid

    reseen profile rga_sc --identities 751 --image-size 256 128 --json rga.json

    reseen profile --paper
    """
    if paper:
        from reseen.cli.profile_papers import paper_tables

        for table in paper_tables():
            results().print(table)
        return
    if not name:
        raise ReseenError("profile: expected a model's name or --paper; `reseen models` lists the names")
    from reseen.files import write_json
    from reseen.profiling.profile import profile as count

    counted = count(name, identities=identities, image_size=image_size)
    if json is not None:
        write_json(json, counted.as_dict())
    results().print(_table(counted))


def _table(counted: "Profile") -> Table:
    height, width = counted.image_size
    table = Table("part", "parameters", "trained", "G MACs", "convolution", "matmul", "normalisation")
    table.title = f"{counted.name}, one image of {height} x {width}, {counted.identities} identities"
    for part, cost in {"whole": counted.whole, **counted.parts}.items():
        macs = (f"{value / 1e9:.3f}" for value in (cost.macs.total, *cost.macs))
        table.add_row(part, f"{cost.parameters:,}", f"{cost.trainable_parameters:,}", *macs)
    inference, training = counted.activations_inference / 1e6, counted.activations_training / 1e6
    table.caption = f"activations at their peak, float32: {inference:.1f} MB, {training:.1f} MB kept for backward"
    return table
