"""Two runs on the same queries: do their scores differ by more than chance?"""

from pathlib import Path

import numpy as np

from reseen.engine.run import Run, open_run
from reseen.errors import ReseenError
from reseen.metrics import Comparison, Embedded, compare, evaluate
from reseen.metrics.labels import Labels
from reseen.progress import SILENT, Progress
from reseen.tasks.reid.saved_embeddings import Kept, embeddings_of


def compare_runs(
    first: Run | Path | str,
    second: Run | Path | str,
    *,
    data: Path | str | None = None,
    protocol: str | None = None,
    confidence: float = 0.95,
    progress: Progress | None = None,
) -> Comparison:
    """Compare the embeddings that two runs have kept, or, with ``data``, what their best weights make of that data.

    The rules are those that both were scored by; ``protocol`` says others. Raises ReseenError for runs of different
    data, queries or galleries, under different rules, or without embeddings.
    """
    runs = [open_run(run) for run in (first, second)]
    if data is None:
        _require_same_data(*runs)
    sides = [embeddings_of(run, data=data, progress=progress or SILENT) for run in runs]
    _require_same_pictures(runs, sides)
    rules = _rules(runs, sides, protocol=protocol)
    before, after = (
        evaluate(side.query, side.gallery, protocol=rules, average_precision=side.average_precision) for side in sides
    )
    return compare(before, after, sides[0].query.identities, confidence=confidence)


def _require_same_data(first: Run, second: Run) -> None:
    facts = first.data(), second.data()
    if facts[0]["fingerprint"] != facts[1]["fingerprint"]:
        raise ReseenError(
            f"{first.path} and {second.path} are runs on different data ({facts[0]['path']}, {facts[1]['path']}), so "
            "their scores do not compare; --data DATA scores both on one set"
        )


def _require_same_pictures(runs: list[Run], sides: list[Kept]) -> None:
    """Row by row the same names, identities and cameras on either side."""
    for what in ("query", "gallery"):
        one, other = (getattr(side, what) for side in sides)
        difference = _first_difference(one, other)
        if difference:
            raise ReseenError(
                f"{runs[0].path} and {runs[1].path} were scored on different {what} pictures: {difference}; evaluate "
                "both on the same data, or give it with --data"
            )


def _first_difference(one: Embedded, other: Embedded) -> str:
    """What differs first, in words; empty where nothing does."""
    if len(one) != len(other):
        return f"{len(one):,} and {len(other):,}"
    for field in ("names", "identities", "cameras"):
        differs = _differs(getattr(one, field), getattr(other, field))
        if differs.any():
            row = int(differs.argmax())
            values = [getattr(side, field) for side in (one, other)]
            names = ["none known" if value is None else repr(value[row].item()) for value in values]
            return f"{field} of row {row}: {names[0]} and {names[1]}"
    return ""


def _differs(one: Labels | None, other: Labels | None) -> np.ndarray:
    """(N,) True where two columns differ; throughout, where one of them is missing."""
    if one is None or other is None:
        return np.array([one is not other])
    return np.asarray(one != other) if one.dtype.kind == other.dtype.kind else np.array([True])


def _rules(runs: list[Run], sides: list[Kept], *, protocol: str | None) -> str:
    """The protocol for both."""
    given = [side.protocol if protocol is None else protocol for side in sides]
    for what, names in (("protocol", given), ("average precision", [side.average_precision for side in sides])):
        if names[0] != names[1]:
            raise ReseenError(
                f"{runs[0].path} and {runs[1].path} were scored by different rules: {what} {names[0]} and {names[1]}"
                + ("; say one for both with --protocol" if what == "protocol" else "")
            )
    return given[0]
