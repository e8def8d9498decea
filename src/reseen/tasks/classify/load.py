"""Loading of classes: read, every image decoded once, unfit data refused or reported."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from lightning_fabric import Fabric

from reseen.data.cached import opener
from reseen.data.unreadable import below, find_unreadable, relative_to, report_unreadable
from reseen.engine.run import Run
from reseen.engine.task import TrainingData
from reseen.errors import ReseenError
from reseen.progress import Progress
from reseen.tasks.classify.build import evaluation_transform, training_transform
from reseen.tasks.classify.classes import ClassSplit, ClassSplits, Files
from reseen.tasks.classify.readers import read_classes
from reseen.tasks.classify.recipe import ClassifyRecipe


def load_data(data: Path, recipe: ClassifyRecipe, *, fabric: Fabric, progress: Progress) -> TrainingData[ClassSplits]:
    """Read ``data``; stop at unreadable images, skip and report them, or do not check, as the recipe says.

    The first process alone opens the files.
    """
    splits = read_classes(data, layout=recipe.data.layout)
    if len(splits.class_names) < 2:
        raise ReseenError(f"{data}: expected at least 2 classes, got {len(splits.class_names)}")
    checks = recipe.data.unreadable != "unchecked" and fabric.is_global_zero
    bad = fabric.broadcast(_unreadable(splits, recipe, progress) if checks else {})
    report_unreadable(bad, progress, skip=recipe.data.unreadable == "skip")
    splits = leave_out(splits, bad) if bad else splits
    facts: dict[str, object] = {
        "path": str(data.resolve()),
        "layout": splits.layout,
        "fingerprint": splits.fingerprint,
        "classes": len(splits.class_names),
        "pictures": {"train": len(splits.train.labels), "val": len(splits.val.labels)},
        "skipped_unreadable": len(bad),
        "unreadable": relative_to(splits.root, bad),
    }
    return TrainingData(splits, facts)


def splits_of(run: Run, recipe: ClassifyRecipe, data: Path | str | None = None) -> ClassSplits:
    """A run's data, or those of ``data``, without the images that its training skipped."""
    splits = read_classes(run.data_path(data), layout=recipe.data.layout if data is None else "auto")
    listed = run.unreadable()
    return leave_out(splits, below(splits.root, listed)) if listed else splits


def _unreadable(splits: ClassSplits, recipe: ClassifyRecipe, progress: Progress) -> dict[Path, str]:
    sources = (splits.train.source, splits.val.source)
    paths = [Path(path) for source in sources if isinstance(source, Files) for path, _ in source.samples]
    if not paths:
        return {}
    opens = opener(training_transform(recipe), evaluation_transform(recipe))
    return find_unreadable(paths, progress, opens=opens)


def leave_out(splits: ClassSplits, bad: Mapping[Path, str]) -> ClassSplits:
    """Both splits without these images, which are files."""
    return splits._replace(train=_without(splits.train, bad), val=_without(splits.val, bad))


def _without(split: ClassSplit, bad: Mapping[Path, str]) -> ClassSplit:
    assert isinstance(split.source, Files), "only files are checked"
    return split.rows(np.array([Path(path) not in bad for path, _ in split.source.samples], dtype=np.bool_))
