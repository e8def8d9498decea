"""Evaluation of a classification run by its best weights; the run saves the scores."""

from pathlib import Path
from typing import NamedTuple

from reseen.engine.hardware import one_device
from reseen.engine.run import Run, open_run
from reseen.errors import ReseenError
from reseen.files import write_json
from reseen.progress import SILENT, Progress
from reseen.tasks.classify.build import load_classifier
from reseen.tasks.classify.choose import choose_network
from reseen.tasks.classify.classes import ClassSplits
from reseen.tasks.classify.load import splits_of
from reseen.tasks.classify.model import Classifier
from reseen.tasks.classify.scoring import ClassReport, chance, score_classifier

CLASSES_FILE = "classes.json"
CHANCE = "most frequent class"


class Classified(NamedTuple):
    """A report and its data."""

    report: ClassReport
    splits: ClassSplits


def evaluate_run(run: Run | Path | str, *, data: Path | str | None = None, progress: Progress = SILENT) -> Classified:
    """Score a run's best weights on its own validation images, or on those of ``data``.

    Saves the scores beside those of always predicting the most frequent class and, where a network was chosen, those of
    the untrained one; and the classes' own in ``classes.json``. Raises ReseenError for other classes than the run
    learned.
    """
    run = open_run(run)
    model, recipe, names = load_classifier(run.best_weights)
    splits = splits_of(run, recipe, data)
    if splits.class_names != names:
        raise ReseenError(
            f"{splits.root}: {_difference(splits.class_names, names)}; expected the classes that {run.path} learned"
        )

    def score(model: Classifier, name: str) -> ClassReport:
        return score_classifier(model, splits, recipe, fabric=one_device(), progress=progress, name=name)

    images = len(splits.val.labels)
    rows: dict[str, dict[str, object]] = {CHANCE: {"top1": chance(splits), "pictures": images}}
    if run.untrained_weights.exists():
        untrained = score(load_classifier(run.untrained_weights).model, f"{run.path.name}, untrained")
        rows["untrained"] = {**untrained.scores(), "pictures": images}
    report = score(model, run.path.name)
    run.save_scores({**rows, "trained": {**report.scores(), "pictures": images}})
    write_json(run.path / CLASSES_FILE, report.as_dict()["classes"])
    return Classified(report, splits)


def evaluate_finished_run(run: Run, *, progress: Progress = SILENT) -> Classified:
    """`evaluate_run` of a training that has just ended: where its recipe says so, its network is chosen first."""
    choose_network(run, progress=progress)
    return evaluate_run(run, progress=progress)


def _difference(got: tuple[str, ...], expected: tuple[str, ...]) -> str:
    missing, strange = sorted(set(expected) - set(got)), sorted(set(got) - set(expected))
    if not missing and not strange:
        return "the same classes in another order"
    words = [f"no {', '.join(missing[:3])}" if missing else "", f"unknown {', '.join(strange[:3])}" if strange else ""]
    return ", ".join(word for word in words if word)
