"""`reseen datasets`."""

import json
from typing import Annotated

import typer
from rich.table import Table

from reseen.cli.console import results, say


def datasets(
    name: Annotated[str, typer.Argument(help="One layout, or the beginning of several: cuhk03, veriwild_small.")] = "",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything known, as JSON.")] = False,
) -> None:
    """List the data sets that reseen reads: protocol, published counts, how to get each, and its terms.

    Reseen downloads none of them.

    [bold]Examples[/bold]

    reseen datasets

    reseen datasets msmt17
    """
    from reseen.data.datasets.catalogue import describe, find_layouts, text_lines

    names = find_layouts(name)
    if as_json:
        results().print_json(json.dumps(describe(names)))
        return
    if not name:
        results().print(_table(names))
    say(*text_lines(names, briefly=not name))


def _table(names: list[str]) -> Table:
    from reseen.data.datasets.catalogue import PARTS, count_of, protocol_of

    table = Table("layout", "protocol", *PARTS, caption="published counts: images of identities, without junk")
    for name in names:
        table.add_row(name, protocol_of(name), *(count_of(name, part) for part in PARTS))
    return table
