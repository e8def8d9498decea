"""Evaluation of a segmentation run by its best weights; the run saves the scores."""

from pathlib import Path
from typing import NamedTuple

from reseen.engine.hardware import one_device
from reseen.engine.run import Run, open_run
from reseen.files import write_json
from reseen.progress import SILENT, Progress
from reseen.tasks.segment.build import load_segmenter
from reseen.tasks.segment.chance import chance
from reseen.tasks.segment.inference import Inference
from reseen.tasks.segment.reader import look_at, read_scenes
from reseen.tasks.segment.scenes import SceneSplits
from reseen.tasks.segment.scoring import SegmentReport, how, score_segmenter

CLASSES_FILE = "classes.json"
CHANCE = "most frequent class of each place"


class Segmented(NamedTuple):
    """A report and its data."""

    report: SegmentReport
    splits: SceneSplits


def evaluate_run(
    run: Run | Path | str,
    *,
    data: Path | str | None = None,
    inference: Inference | None = None,
    progress: Progress = SILENT,
) -> Segmented:
    """Score a run's best weights on its own validation scenes, or on those of ``data``.

    Saves the scores beside the baseline's, and the classes' own in ``classes.json``. With another ``inference`` than
    the recipe's the scores have a name of their own.
    """
    run = open_run(run)
    model, recipe = load_segmenter(run.best_weights)
    name = "trained"
    if inference is not None:
        evaluation = recipe.evaluation.model_copy(update={"inference": inference})
        recipe = recipe.model_copy(update={"evaluation": evaluation})
        name = f"trained, {how(recipe)}"
    splits = read_scenes(run.data_path(data))
    if data is not None:
        look_at(splits, progress=progress)  # training checked the run's own
    report = score_segmenter(model, splits, recipe, fabric=one_device(), progress=progress, name=run.path.name)
    run.save_scores({CHANCE: chance(splits, progress=progress).scores(), name: report.scores()})
    if inference is None:
        write_json(run.path / CLASSES_FILE, report.as_dict()["classes"])
    return Segmented(report, splits)
