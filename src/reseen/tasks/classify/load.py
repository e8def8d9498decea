"""Data on their way into a classification: read, every picture decoded once, nothing unfit let through in silence."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from lightning_fabric import Fabric

from reseen.data.unreadable import find_unreadable, first_reasons, relative_to, skipped_line
from reseen.engine.task import TrainingData
from reseen.errors import ReseenError
from reseen.progress import Progress
from reseen.tasks.classify.classes import ClassSplit, ClassSplits, Files
from reseen.tasks.classify.readers import read_classes
from reseen.tasks.classify.recipe import ClassifyRecipe


def load_data(data: Path, recipe: ClassifyRecipe, *, fabric: Fabric, progress: Progress) -> TrainingData[ClassSplits]:
    """Read ``data``; stop at unreadable pictures, drop and count them, or do not look, as the recipe says.

    The files are opened by the first process alone, which tells the others.
    """
    splits = read_classes(data, layout=recipe.data.layout)
    if len(splits.class_names) < 2:
        raise ReseenError(f"{data}: expected at least 2 classes, got {len(splits.class_names)}")
    looked = recipe.data.unreadable != "unchecked" and fabric.is_global_zero
    bad = fabric.broadcast(_unreadable(splits, progress) if looked else {})
    if bad and recipe.data.unreadable == "stop":
        raise ReseenError(
            f"unreadable pictures: {first_reasons(bad)}; "
            "repair or remove them, or train without: --set data.unreadable=skip"
        )
    if bad:
        progress.say(skipped_line(bad))
        splits = leave_out(splits, bad)
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


def _unreadable(splits: ClassSplits, progress: Progress) -> dict[Path, str]:
    sources = (splits.train.source, splits.val.source)
    paths = [Path(path) for source in sources if isinstance(source, Files) for path, _ in source.samples]
    if not paths:
        return {}
    return find_unreadable(paths, progress)


def leave_out(splits: ClassSplits, bad: Mapping[Path, str]) -> ClassSplits:
    """Both sides without these pictures, which are files."""
    return splits._replace(train=_without(splits.train, bad), val=_without(splits.val, bad))


def _without(split: ClassSplit, bad: Mapping[Path, str]) -> ClassSplit:
    assert isinstance(split.source, Files), "only files are looked at"
    keep = np.array([Path(path) not in bad for path, _ in split.source.samples])
    samples = [sample for sample, kept in zip(split.source.samples, keep, strict=True) if kept]
    return ClassSplit(Files(samples), split.labels[keep])
