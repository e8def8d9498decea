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
        Path | None, typer.Option(help="Validation data; the run's own query and gallery if left out.")
    ] = None,
    false_accept_rate: Annotated[
        float, typer.Option(help="Wanted share of pairs of two identities that are accepted as one.")
    ] = 1e-3,
    false_alarm_rate: Annotated[
        float, typer.Option(help="Wanted share of searches for a stranger that return a known identity.")
    ] = 1e-2,
    protocol: Annotated[str | None, typer.Option(help="Other rules than those the run was scored by.")] = None,
    metadata: Metadata = None,
    quiet: Quiet = False,
) -> None:
    """Find two similarity thresholds: for two images of one identity, and for the best match of a search. Both are
    saved in the run, with their error rates.

    [bold]Examples[/bold]

    reseen calibrate runs/market --data validation

    reseen calibrate runs/market --false-accept-rate 1e-4
    """
    import reseen

    calibration = reseen.calibrate(
        run,
        data=data,
        false_accept_rate=false_accept_rate,
        false_alarm_rate=false_alarm_rate,
        protocol=protocol,
        metadata=metadata,
        progress=progress_for(quiet=quiet),
    )
    results().print(_table(calibration))


def _table(calibration: "Calibration") -> Table:
    search, interval = calibration.identification, f"{calibration.confidence:.0%} interval"
    table = Table("question", "threshold", "errors", interval, caption_justify="left")
    rows = [
        ("one identity?", calibration.threshold, "false accepts", calibration.false_accept_rate),
        ("", None, "false rejects", calibration.false_reject_rate),
        ("the same, equal errors", calibration.equal_error_threshold, "either", calibration.equal_error_rate),
        ("who of the gallery?", search.threshold, "false alarms", search.false_alarm_rate),
        ("", None, "named right, at rank 1", search.detection_rate),
    ]
    for question, threshold, what, estimate in rows:
        shown = "" if threshold is None else f"{threshold:.4f}"
        table.add_row(question, shown, f"{what} {_percent(estimate.value)}", _interval(estimate))
    table.caption = (
        f"{calibration.genuine_pairs:,} pairs of one identity, {calibration.impostor_pairs:,} of two; "
        f"{search.searches:,} searches; {calibration.identities:,} identities\n"
        f"who of the gallery: {search.records:,} records searched; "
        f"{search.doubling:+.4f} each time that a gallery is twice as large\n"
        f"{calibration.settings}{_details(calibration)}\nfrom {calibration.source}"
    )
    return table


def _details(calibration: "Calibration") -> str:
    """Flip test and metadata, where the embeddings were made with them."""
    clauses = ["mean of each image and its mirror image"] * bool(calibration.flip)
    clauses += [f"metadata {calibration.metadata}"] * bool(calibration.metadata)
    return "".join(f", {clause}" for clause in clauses)


def _interval(estimate: "Estimate") -> str:
    return f"{_percent(estimate.low)} to {_percent(estimate.high)}"


def _percent(share: float) -> str:
    """Two figures at least, however small."""
    return f"{100 * share:.1f}%" if share == 0 or share >= 0.01 else f"{100 * share:.2g}%"
