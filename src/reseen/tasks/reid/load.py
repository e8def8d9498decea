"""Loading of training data: tables read, every image decoded once, unfit data refused or reported."""

from pathlib import Path

import numpy as np
from lightning_fabric import Fabric

from reseen.data.cached import opener
from reseen.data.datasets import LAYOUTS, read_data
from reseen.data.fingerprint import fingerprint
from reseen.data.table import Split, Splits, first
from reseen.data.unreadable import find_unreadable, leave_out, relative_to, report_unreadable
from reseen.engine.task import TrainingData
from reseen.metrics.labels import Labels, known
from reseen.metrics.protocol import find_protocol, protocol_without_cameras
from reseen.progress import Progress
from reseen.tasks.reid.components import training_transform
from reseen.tasks.reid.postprocess import require_fit
from reseen.tasks.reid.query_gallery import evaluation_transform, labels_of
from reseen.tasks.reid.recipe import Recipe


def load_data(data: Path, recipe: Recipe, *, fabric: Fabric, progress: Progress) -> TrainingData[Splits]:
    """Read ``data``; stop at unreadable images, or skip and report them, as the recipe says.

    Raises ReseenError too when no query has a valid match. The first process alone opens the files.
    """
    splits = read_data(data, layout=recipe.data.layout, seed=recipe.seed)
    paths = [path for split in splits.tables().values() for path in split.paths]
    opens = opener(training_transform(recipe), evaluation_transform(recipe))
    bad = fabric.broadcast(find_unreadable(paths, progress, opens=opens) if fabric.is_global_zero else {})
    report_unreadable(bad, progress, skip=recipe.data.unreadable == "skip")
    splits = leave_out(splits, bad) if bad else splits
    require_fit(labels_of(splits), protocol=find_protocol(protocol_for(recipe, splits)))
    _report_single_images(splits.train, progress)
    tables = splits.tables()
    facts: dict[str, object] = {
        "path": str(data.resolve()),
        "layout": splits.layout,
        "fingerprint": fabric.broadcast(fingerprint(splits) if fabric.is_global_zero else ""),
        "pictures": {name: len(split) for name, split in tables.items()},
        "identities": {name: len(split.identity_names) for name, split in tables.items()},
        "cameras": {name: len(split.camera_names) for name, split in tables.items()},
        "skipped_unreadable": len(bad),
        "unreadable": relative_to(splits.root, bad),
    }
    return TrainingData(splits, facts)


def protocol_for(recipe: Recipe, splits: Splits) -> str:
    """The recipe's protocol; "auto" is the layout's own, or else the usual one."""
    if recipe.evaluation.protocol != "auto":
        return recipe.evaluation.protocol
    return LAYOUTS[splits.layout].protocol or usual_protocol(splits.query.cameras, splits.gallery.cameras)


def usual_protocol(*cameras: Labels | None) -> str:
    """The protocol for data of no known layout: market1501 where both sides have cameras, else wildlife."""
    every = all(side is not None and known(side).any() for side in cameras)
    return "market1501" if every else protocol_without_cameras()


def _report_single_images(train: Split, progress: Progress) -> None:
    names, counts = np.unique(train.identities, return_counts=True)
    single = names[counts == 1].tolist()
    if single:
        progress.say(
            f"{len(single)} training {'identity has' if len(single) == 1 else 'identities have'} a single image, "
            f"drawn repeatedly: {first(single)}"
        )
