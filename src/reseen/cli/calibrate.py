"""`reseen calibrate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from reseen.cli.console import progress_for, results
from reseen.cli.evaluate_options import Metadata
from reseen.cli.options import Quiet

if TYPE_CHECKING:
    from reseen.metrics.confidence.rates import Estimate
    from reseen.metrics.verification.calibration import Calibration


def calibrate(
    run: Annotated[Path, typer.Argument(help="A folder that `reseen train` wrote.")],
    *,
    data: Annotated[
        Path | None, typer.Option(help="Validation pictures; the run's own query and gallery if left out.")
    ] = None,
    false_accept_rate: Annotated[
        float, typer.Option(help="Wanted share of pairs taken for one identity that are not.")
    ] = 1e-3,
    false_alarm_rate: Annotated[
        float, typer.Option(help="Wanted share of searches for a stranger that name one.")
    ] = 1e-2,
    protocol: Annotated[str | None, typer.Option(help="Other rules than the run was scored by.")] = None,
    metadata: Metadata = None,
    quiet: Quiet = False,
) -> None:
    """Find the similarity from which two pictures show one identity, and that from which a search has found it; keep
    both in the run with the errors made there.

    [bold]Examples[/bold]

    reseen calibrate runs/market --data validation

    reseen calibrate runs/market --false-accept-rate 1e-4
    """
    import reseen

    found = reseen.calibrate(
        run,
        data=data,
        false_accept_rate=false_accept_rate,
        false_alarm_rate=false_alarm_rate,
        protocol=protocol,
        metadata=metadata,
        progress=progress_for(quiet=quiet),
    )
    results().print(_table(found))


def _table(found: "Calibration") -> Table:
    search, interval = found.identification, f"{found.confidence:.0%} interval"
    table = Table("question", "threshold", "errors", interval, caption_justify="left")
    rows = [
        ("one identity?", found.threshold, "false accepts", found.false_accept_rate),
        ("", None, "false rejects", found.false_reject_rate),
        ("the same, equal errors", found.equal_error_threshold, "either", found.equal_error_rate),
        ("who of the gallery?", search.threshold, "false alarms", search.false_alarm_rate),
        ("", None, "named right, at rank 1", search.detection_rate),
    ]
    for question, threshold, what, estimate in rows:
        shown = "" if threshold is None else f"{threshold:.4f}"
        table.add_row(question, shown, f"{what} {_percent(estimate.value)}", _ends(estimate))
    table.caption = (
        f"{found.genuine_pairs:,} pairs of one identity, {found.impostor_pairs:,} of two; {search.searches:,} "
        f"searches; {found.identities:,} identities\nwho of the gallery: {search.records:,} records searched; "
        f"{search.doubling:+.4f} each time that a gallery is twice as large\n{found.settings}{_seen(found)}\n"
        f"from {found.source}"
    )
    return table


def _seen(found: "Calibration") -> str:
    """How pictures became vectors, where that is not the plain way."""
    clauses = ["mean of each picture and its mirror image"] * bool(found.flip)
    clauses += [f"metadata {found.metadata}"] * bool(found.metadata)
    return "".join(f", {clause}" for clause in clauses)


def _ends(estimate: "Estimate") -> str:
    return f"{_percent(estimate.low)} to {_percent(estimate.high)}"


def _percent(share: float) -> str:
    """Two figures at least, however small."""
    return f"{100 * share:.1f}%" if share == 0 or share >= 0.01 else f"{100 * share:.2g}%"
