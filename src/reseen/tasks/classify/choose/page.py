"""The section of a run's page on the choice of its network among candidates."""

from reseen.engine.run import Run
from reseen.report import Cell, Section, Table
from reseen.tasks.classify.choose.choice import Outcome, read_choice

TITLE = "Choice of the network"
_COLUMNS = ("backbone", "head", "top-1", "gain in top-1")
_RULE = (
    "Chosen on {images:,} training images of {classes:,} classes that were held out, not on the data set's validation "
    "images: the best top-1 among candidates whose gain over the untrained network lies above zero with its whole 95 % "
    "interval (McNemar's exact test on the same images); among those within 0.1 points of it the simplest. The "
    "untrained network is the start weights with the better of two heads fitted on training images."
)


def choice_section(run: Run) -> Section:
    """Every candidate with its score on the held-out images, the chosen one bold; empty where nothing was chosen."""
    if not run.choice_file.exists():
        return Section(TITLE)
    choice = read_choice(run.choice_file)
    rows = [_row(outcome, chosen=outcome == choice.chosen) for outcome in choice.outcomes]
    reason = f"{choice.reason[0].upper()}{choice.reason[1:]}."
    rule = _RULE.format(images=choice.images, classes=choice.classes)
    return Section(TITLE, [Table("Candidates", _COLUMNS, rows, kind="dense")], notes=[reason, rule])


def _row(outcome: Outcome, *, chosen: bool) -> tuple[str | Cell, ...]:
    candidate, gain = outcome.candidate, outcome.gain
    difference = "" if gain is None else f"{100 * gain.value:+.1f}"
    interval = "" if gain is None else f"{100 * gain.low:+.1f} to {100 * gain.high:+.1f}"
    return (
        f"{candidate.weights} (chosen)" if chosen else candidate.weights,
        candidate.head,
        Cell(f"{outcome.top1:.1%}", best=chosen),
        Cell(difference, note=interval, best=chosen),
    )
