"""`reseen models`."""

from typing import Annotated

import typer
from rich.table import Table

from reseen.cli.options import results


def models(
    search: Annotated[str, typer.Argument(help="Also list timm backbones whose name holds this.")] = "",
) -> None:
    """List the models that reseen builds by name, and the backbones of timm that a recipe may name.

    [bold]Examples[/bold]

    reseen models

    reseen models convnext
    """
    import reseen
    from reseen.backbones import backbone_names

    table = Table("name", "what it is")
    for name, entry in reseen.MODELS.items():
        table.add_row(name, entry.summary)
    console = results()
    console.print(table)
    if search:
        console.print("\n".join(backbone_names(search)), highlight=False, markup=False)
