"""Tables of strings on the terminal."""

from collections.abc import Mapping, Sequence

from rich.table import Table
from rich.text import Text


def filled_columns(rows: Sequence[Mapping[str, str]], *, title: str | Text, dim: Sequence[bool] = ()) -> Table:
    """A table of rows that have the same columns; columns that are empty in all rows are left out.

    Args:
        rows: Strings by the names of the columns.
        title: The table's title.
        dim: Which rows are dimmed; none by default.
    """
    columns = [name for name in (rows[0] if rows else ()) if any(row[name] for row in rows)]
    table = Table(*columns, title=title, title_justify="left")
    for row, dimmed in zip(rows, dim or [False] * len(rows), strict=True):
        table.add_row(*(Text(row[name]) for name in columns), style="dim" if dimmed else "")
    return table
