"""A run's thresholds: calibrated on its saved embeddings or on other data, and saved in the run."""

from dataclasses import replace
from pathlib import Path

from reseen.data.fingerprint import fingerprint
from reseen.engine.run import Run, open_run
from reseen.metrics import Calibration, calibrate
from reseen.progress import SILENT, Progress
from reseen.tasks.reid.options import EvaluationOptions
from reseen.tasks.reid.recipe import MetadataTold, recipe_of
from reseen.tasks.reid.saved_evaluation import RunEmbeddings, embeddings_of

OPTIMISTIC = (
    "the run's own query and gallery, which it was scored on: rates on other images will be worse, "
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
    """Find the thresholds of a run's best weights, and save them as ``calibration.json`` in the run.

    Args:
        run: A run or its folder.
        data: Validation data of their own; the run's saved embeddings if left out, which is optimistic.
        false_accept_rate: Wanted share, 0..1, of pairs of two identities that are accepted as one.
        false_alarm_rate: Wanted share, 0..1, of searches for a stranger that return a known identity.
        protocol: Other rules than those the run was scored by.
        metadata: The cameras and views that the model sees; the recipe's if left out. Deployed networks see an image
            alone, and take thresholds that were found with "withheld".
        confidence: The level of the error rates' intervals.
        progress: Shows bars and lines; None for none.

    Returns:
        The calibration; its ``source`` says on which data.

    Example (not run):
        ```python
        calibrate("runs/market", data="validation").threshold
        ```
    """
    run = open_run(run)
    options = EvaluationOptions(metadata=metadata)
    embeddings = embeddings_of(run, data=data, options=options, progress=progress or SILENT)
    calibration = calibrate(
        embeddings.query,
        embeddings.gallery,
        false_accept_rate=false_accept_rate,
        false_alarm_rate=false_alarm_rate,
        protocol=embeddings.protocol if protocol is None else protocol,
        confidence=confidence,
    )
    evaluation = options.applied(recipe_of(run)).evaluation
    learned = recipe_of(run).model.learns_side_information
    calibration = replace(
        calibration,
        source=_source(run, embeddings),
        flip=evaluation.flip,
        metadata=evaluation.metadata if learned else None,
    )
    calibration.save(run.calibration_file)
    return calibration


def _source(run: Run, embeddings: RunEmbeddings) -> str:
    """The data of the embeddings, in words."""
    if embeddings.splits is None or fingerprint(embeddings.splits) == run.data()["fingerprint"]:
        return OPTIMISTIC
    return f"query and gallery of {embeddings.splits.root}"
