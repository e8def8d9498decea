"""`reseen models`."""

from typing import Annotated

import typer
from rich.table import Table

from reseen.cli.console import results
from reseen.errors import ReseenError


def models(
    search: Annotated[str, typer.Argument(help="Also list timm backbones whose names contain this.")] = "",
) -> None:
    """List the models that reseen builds by name, and the backbones of timm that a recipe may name.

    [bold]Examples[/bold]

    reseen models

    reseen models convnext
    """
    import timm

    from reseen.models import MODELS

    backbones = timm.list_models(f"*{search}*") if search else []
    if search and not backbones:
        raise ReseenError(f"no backbone of timm has '{search}' in its name")
    table = Table("name", "what it is")
    for name, model in MODELS.items():
        table.add_row(name, model.summary)
    console = results()
    console.print(table)
    console.print("\n".join(backbones), highlight=False)
