"""A run's thresholds: calibrated on the embeddings it has kept or on other data, and kept in the run."""

from dataclasses import replace
from pathlib import Path

from reseen.data.fingerprint import fingerprint
from reseen.engine.run import Run, open_run
from reseen.metrics import Calibration, calibrate
from reseen.progress import Progress
from reseen.tasks.reid.options import Choices
from reseen.tasks.reid.recipe import MetadataTold, recipe_of
from reseen.tasks.reid.saved_embeddings import Kept, embeddings_of

OPTIMISTIC = (
    "the run's own query and gallery, which it was scored on: rates on other pictures will be worse, "
    "and scores at these thresholds are no test"
)


def calibrate_run(
    run: Run | Path | str,
    *,
    data: Path | str | None = None,
    false_accept_rate: float = 1e-3,
    false_alarm_rate: float = 1e-2,
    protocol: str | None = None,
    metadata: MetadataTold | None = None,
    confidence: float = 0.95,
    progress: Progress | None = None,
) -> Calibration:
    """Thresholds for a run's best weights, from its kept embeddings or, better, from validation ``data`` of their own.

    What ``calibrate`` finds, kept as ``calibration.json`` in the run; its ``source`` says on which pictures, and so
    when they are those that the run was scored on. The rules are those the run was scored by, or ``protocol``.
    ``metadata``: what a model that learned cameras and views is told of them, as the recipe says if left out; what is
    deployed sees a picture alone, and takes thresholds that were found "withheld".
    """
    run = run if isinstance(run, Run) else open_run(Path(run))
    choices = Choices(metadata=metadata)
    side = embeddings_of(run, data=data, choices=choices, progress=progress)
    found = calibrate(
        side.query,
        side.gallery,
        false_accept_rate=false_accept_rate,
        false_alarm_rate=false_alarm_rate,
        protocol=side.protocol if protocol is None else protocol,
        confidence=confidence,
    )
    evaluation, learned = choices.applied(recipe_of(run)).evaluation, recipe_of(run).model.learns_side_information
    found = replace(
        found,
        source=_source(run, side),
        flip=evaluation.flip,
        metadata=evaluation.metadata if learned else None,
    )
    found.save(run.calibration_file)
    return found


def _source(run: Run, side: Kept) -> str:
    """On which pictures, in words."""
    if side.splits is None or fingerprint(side.splits) == run.data()["fingerprint"]:
        return OPTIMISTIC
    return f"query and gallery of {side.splits.root}"
