"""The section of a run's page on the choice of its network among candidates."""

from reseen.engine.run import Run
from reseen.report import Cell, Section
from reseen.report.candidates import TITLE, candidate_row, candidate_section
from reseen.tasks.classify.choose.choice import Outcome, read_choice

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
    rule = _RULE.format(images=choice.images, classes=choice.classes)
    return candidate_section(rows, columns=_COLUMNS, reason=choice.reason, rule=rule)


def _row(outcome: Outcome, *, chosen: bool) -> tuple[str | Cell, ...]:
    candidate = outcome.candidate
    return candidate_row(candidate.weights, candidate.head, scores=[outcome.top1], gain=outcome.gain, chosen=chosen)
