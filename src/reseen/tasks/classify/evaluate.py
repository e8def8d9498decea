"""Evaluation of a classification run by its best weights; the run saves the scores."""

from pathlib import Path
from typing import NamedTuple

from reseen.data.unreadable import below
from reseen.engine.hardware import one_device
from reseen.engine.run import Run, open_run
from reseen.errors import ReseenError
from reseen.files import write_json
from reseen.progress import SILENT, Progress
from reseen.tasks.classify.build import load_classifier
from reseen.tasks.classify.classes import ClassSplits
from reseen.tasks.classify.load import leave_out
from reseen.tasks.classify.readers import read_classes
from reseen.tasks.classify.scoring import ClassReport, chance, score_classifier

CLASSES_FILE = "classes.json"
CHANCE = "most frequent class"


class Classified(NamedTuple):
    """A report and its data."""

    report: ClassReport
    splits: ClassSplits


def evaluate_run(run: Run | Path | str, *, data: Path | str | None = None, progress: Progress = SILENT) -> Classified:
    """Score a run's best weights on its own validation images, or on those of ``data``.

    Saves the scores beside those of always predicting the most frequent class, and the classes' own in
    ``classes.json``. Raises ReseenError for other classes than the run learned.
    """
    run = open_run(run)
    model, recipe, names = load_classifier(run.best_weights)
    path = run.data_path(data)
    splits = read_classes(path, layout=recipe.data.layout if data is None else "auto")
    if splits.class_names != names:
        raise ReseenError(
            f"{path}: {_difference(splits.class_names, names)}; expected the classes that {run.path} learned"
        )
    listed = run.unreadable()
    splits = leave_out(splits, below(splits.root, listed)) if listed else splits
    report = score_classifier(model, splits, recipe, fabric=one_device(), progress=progress, name=run.path.name)
    images = len(splits.val.labels)
    base = {"top1": chance(splits), "pictures": images}
    run.save_scores({CHANCE: base, "trained": {**report.scores(), "pictures": images}})
    write_json(run.path / CLASSES_FILE, report.as_dict()["classes"])
    return Classified(report, splits)


def _difference(got: tuple[str, ...], expected: tuple[str, ...]) -> str:
    missing, strange = sorted(set(expected) - set(got)), sorted(set(got) - set(expected))
    if not missing and not strange:
        return "the same classes in another order"
    words = [f"no {', '.join(missing[:3])}" if missing else "", f"unknown {', '.join(strange[:3])}" if strange else ""]
    return ", ".join(word for word in words if word)
