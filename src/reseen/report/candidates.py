"""The section of a page on candidates for a run's network, of which one was chosen."""

from collections.abc import Sequence

from reseen.metrics import Estimate
from reseen.report.page import Cell, Section, Table

TITLE = "Choice of the network"


def candidate_section(
    rows: Sequence[Sequence[str | Cell]], *, columns: Sequence[str], reason: str, rule: str
) -> Section:
    """A table of candidates, why one was chosen, and by which rule."""
    table = Table("Candidates", columns, rows, kind="dense")
    return Section(TITLE, [table], notes=[f"{reason[0].upper()}{reason[1:]}.", rule])


def candidate_row(
    weights: str, head: str, *, scores: Sequence[float], gain: Estimate | None, chosen: bool
) -> tuple[str | Cell, ...]:
    """The cells of a candidate: its weights and head, its scores in percent, its gain in points with the interval."""
    difference = "" if gain is None else f"{100 * gain.value:+.1f}"
    interval = "" if gain is None else f"{100 * gain.low:+.1f} to {100 * gain.high:+.1f}"
    return (
        f"{weights} (chosen)" if chosen else weights,
        head,
        *(Cell(f"{score:.1%}", best=chosen) for score in scores),
        Cell(difference, note=interval, best=chosen),
    )
