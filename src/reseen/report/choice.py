"""The section of a run's page on the choice of its network among candidates."""

from reseen.engine.run import Run
from reseen.report.page import Cell, Section, Table
from reseen.tasks.reid.choose import Choice, Outcome, read_choice

_COLUMNS = ("weights", "vector", "mAP", "rank-1", "gain in mAP")
_RULE = (
    "Chosen on images of {identities:,} training identities ({images:,} images) that were held out, not on query and "
    "gallery. The best is the one with the best mAP whose gain over the untrained network lies above zero with its "
    "whole 95 % interval (a bootstrap over identities, paired by query); chosen is the simplest with three quarters of "
    "its gain over which the best has no such gain. Rules: {settings}."
)


def choice_of(run: Run) -> Choice | None:
    """The choice that a training recorded, if it made one. ReseenError: the file is damaged."""
    return read_choice(run.choice_file) if run.choice_file.exists() else None


def choice_section(choice: Choice | None) -> Section:
    """Every candidate with its scores on the held-out identities, the chosen one bold; empty without a choice."""
    if choice is None:
        return Section("Choice of the network")
    rows = [_row(outcome, chosen=outcome == choice.chosen) for outcome in choice.outcomes]
    rule = _RULE.format(identities=choice.identities, images=choice.images, settings=choice.settings)
    reason = f"{choice.reason[0].upper()}{choice.reason[1:]}."
    return Section("Choice of the network", [Table("Candidates", _COLUMNS, rows, kind="dense")], notes=[reason, rule])


def _row(outcome: Outcome, *, chosen: bool) -> tuple[str | Cell, ...]:
    candidate, gain = outcome.candidate, outcome.gain
    difference = "" if gain is None else f"{100 * gain.value:+.1f}"
    interval = "" if gain is None else f"{100 * gain.low:+.1f} to {100 * gain.high:+.1f}"
    return (
        f"{candidate.weights} (chosen)" if chosen else candidate.weights,
        candidate.head,
        Cell(f"{outcome.mean_average_precision:.1%}", best=chosen),
        Cell(f"{outcome.rank1:.1%}", best=chosen),
        Cell(difference, note=interval, best=chosen),
    )
