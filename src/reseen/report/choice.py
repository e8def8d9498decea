"""The section of a run's page on the choice of its network among candidates."""

from reseen.engine.run import Run
from reseen.report.candidates import TITLE, candidate_row, candidate_section
from reseen.report.page import Cell, Section
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
        return Section(TITLE)
    rows = [_row(outcome, chosen=outcome == choice.chosen) for outcome in choice.outcomes]
    rule = _RULE.format(identities=choice.identities, images=choice.images, settings=choice.settings)
    return candidate_section(rows, columns=_COLUMNS, reason=choice.reason, rule=rule)


def _row(outcome: Outcome, *, chosen: bool) -> tuple[str | Cell, ...]:
    candidate, scores = outcome.candidate, (outcome.mean_average_precision, outcome.rank1)
    return candidate_row(candidate.weights, candidate.head, scores=scores, gain=outcome.gain, chosen=chosen)
