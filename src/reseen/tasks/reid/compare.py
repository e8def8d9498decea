"""Two runs on the same queries: do their scores differ by more than chance?"""

from pathlib import Path

import numpy as np

from reseen.engine.run import Run, open_run
from reseen.errors import ReseenError
from reseen.metrics import Comparison, Embedded, compare, evaluate
from reseen.metrics.labels import Labels
from reseen.progress import SILENT, Progress
from reseen.tasks.reid.saved_evaluation import RunEmbeddings, embeddings_of


def compare_runs(
    first: Run | Path | str,
    second: Run | Path | str,
    *,
    data: Path | str | None = None,
    protocol: str | None = None,
    confidence: float = 0.95,
    progress: Progress | None = None,
) -> Comparison:
    """Test whether the scores of two runs differ by more than chance.

    Args:
        first: A run or its folder.
        second: Another one, scored on the same queries and gallery.
        data: Embed this data set with both; their saved embeddings are compared if left out.
        protocol: Other rules than those both were scored by.
        confidence: The level of the intervals.
        progress: Shows bars and lines; None for none.

    Raises:
        ReseenError: The runs are of different data, queries or galleries, under different rules, or without embeddings.

    Example (not run):
        ```python
        compare("runs/plain", "runs/attention").differences["mAP"]
        ```
    """
    runs = [open_run(run) for run in (first, second)]
    if data is None:
        _require_same_data(*runs)
    embeddings = [embeddings_of(run, data=data, progress=progress or SILENT) for run in runs]
    _require_same_images(runs, embeddings)
    rules = _rules(runs, embeddings, protocol=protocol)
    before, after = (
        evaluate(side.query, side.gallery, protocol=rules, average_precision=side.average_precision)
        for side in embeddings
    )
    return compare(before, after, embeddings[0].query.identities, confidence=confidence)


def _require_same_data(first: Run, second: Run) -> None:
    facts = first.data(), second.data()
    if facts[0]["fingerprint"] != facts[1]["fingerprint"]:
        raise ReseenError(
            f"{first.path} and {second.path} are runs on different data ({facts[0]['path']}, {facts[1]['path']}), so "
            "their scores do not compare; --data DATA scores both on one set"
        )


def _require_same_images(runs: list[Run], embeddings: list[RunEmbeddings]) -> None:
    """Raise ReseenError unless names, identities and cameras are the same, row by row."""
    for what in ("query", "gallery"):
        difference = _first_difference(*(getattr(of_run, what) for of_run in embeddings))
        if difference:
            raise ReseenError(
                f"{runs[0].path} and {runs[1].path} were scored on different {what} images: {difference}; evaluate "
                "both on the same data, or give it with --data"
            )


def _first_difference(first: Embedded, second: Embedded) -> str:
    """The first difference in words; empty for none."""
    if len(first) != len(second):
        return f"{len(first):,} and {len(second):,}"
    for field in ("names", "identities", "cameras"):
        differs = _differs(getattr(first, field), getattr(second, field))
        if differs.any():
            row = int(differs.argmax())
            values = [getattr(embedded, field) for embedded in (first, second)]
            names = ["none known" if value is None else repr(value[row].item()) for value in values]
            return f"{field} of row {row}: {names[0]} and {names[1]}"
    return ""


def _differs(first: Labels | None, second: Labels | None) -> np.ndarray:
    """(N,) True where two columns differ; throughout, where one of them is missing."""
    if first is None or second is None:
        return np.array([first is not second])
    return np.asarray(first != second) if first.dtype.kind == second.dtype.kind else np.array([True])


def _rules(runs: list[Run], embeddings: list[RunEmbeddings], *, protocol: str | None) -> str:
    """The protocol for both."""
    protocols = [side.protocol if protocol is None else protocol for side in embeddings]
    for what, names in (
        ("protocol", protocols),
        ("average precision", [side.average_precision for side in embeddings]),
    ):
        if names[0] != names[1]:
            raise ReseenError(
                f"{runs[0].path} and {runs[1].path} were scored by different rules: {what} {names[0]} and {names[1]}"
                + ("; say one for both with --protocol" if what == "protocol" else "")
            )
    return protocols[0]
