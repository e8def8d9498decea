"""`reseen compare`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from reseen.cli.console import progress_for, results, say
from reseen.cli.options import Quiet

if TYPE_CHECKING:
    from reseen.metrics.confidence.comparison import Comparison


def compare(
    first: Annotated[Path, typer.Argument(metavar="RUN", help="A folder that `reseen train` wrote.")],
    second: Annotated[Path, typer.Argument(metavar="RUN", help="Another one, scored on the same images.")],
    *,
    data: Annotated[
        Path | None, typer.Option(help="Score both on this data set first; the runs are not changed.")
    ] = None,
    protocol: Annotated[str | None, typer.Option(help="Other rules than those the runs were scored by.")] = None,
    json: Annotated[Path | None, typer.Option(help="Also write the comparison to this file.")] = None,
    quiet: Quiet = False,
) -> None:
    """Test whether two runs differ by more than chance: paired by query, bootstrap over identities.

    The result holds for these two models; to compare methods, train several models of each.

    [bold]Examples[/bold]

    reseen compare runs/plain runs/attention

    reseen compare runs/market runs/duke --data msmt17 --json comparison.json
    """
    import reseen
    from reseen.files import write_json

    comparison = reseen.compare(first, second, data=data, protocol=protocol, progress=progress_for(quiet=quiet))
    if json is not None:
        write_json(json, {"runs": [str(first), str(second)], **comparison.as_dict()})
    results().print(_table(comparison, first=str(first), second=str(second)))
    say(comparison.sentence(str(first), str(second)))


def _table(comparison: "Comparison", *, first: str, second: str) -> Table:
    table = Table(
        "score", first, second, "difference", f"{comparison.confidence:.0%} interval", "p", caption_justify="left"
    )
    for score, (before, after, difference, p_value) in comparison.differences.items():
        points, low, high = (100 * number for number in difference)
        table.add_row(
            score, f"{before:.1%}", f"{after:.1%}", f"{points:+.1f}", f"{low:+.1f} to {high:+.1f}", f"{p_value:.2g}"
        )
    table.caption = f"{comparison.settings}; {comparison.queries} queries of {comparison.identities} identities"
    return table
