"""Held-out training images, on which epochs and the network that is handed over are chosen.

The data set's own validation images are then scored once, at the end.
"""

import numpy as np
from lightning_fabric import Fabric
from numpy.typing import NDArray

from reseen.engine.task import Prepared, TrainingData
from reseen.errors import ReseenError
from reseen.progress import Progress
from reseen.tasks.classify.classes import ClassSplits
from reseen.tasks.classify.recipe import ClassifyRecipe


def prepare(
    recipe: ClassifyRecipe, loaded: TrainingData[ClassSplits], *, fabric: Fabric, progress: Progress
) -> Prepared[ClassifyRecipe, ClassSplits]:
    """Set validation images apart from the training images, where the recipe wants them."""
    del fabric
    if not recipe.validation.images:
        return Prepared(recipe, loaded)
    splits = hold_out(loaded.data, recipe)
    images, classes = len(splits.val.labels), len(np.unique(splits.val.labels))
    progress.say(
        f"{images:,} of {len(loaded.data.train.labels):,} training images, of {classes:,} classes, held out for "
        "validation"
    )
    facts = {**loaded.facts, "held_out": {"images": images, "classes": classes}}
    return Prepared(recipe, TrainingData(splits, facts))


def hold_out(splits: ClassSplits, recipe: ClassifyRecipe) -> ClassSplits:
    """The data with some training images of each class apart: they validate, and no longer train.

    The same seed holds out the same images. ReseenError where no class has two training images.
    """
    labels = splits.train.labels
    held = held_rows(labels, share=recipe.validation.images, seed=recipe.seed)
    if not held.any():
        raise ReseenError(
            f"{splits.root}: validation.images: expected a class with at least 2 training images, one to hold out and "
            f"one to train on, got {len(labels)} images of {len(np.unique(labels))} classes; set it to 0 to train on "
            "all images"
        )
    return splits._replace(train=splits.train.rows(~held), val=splits.train.rows(held))


def held_rows(labels: NDArray[np.int64], *, share: float, seed: int) -> NDArray[np.bool_]:
    """(N,) classes -> (N,) which images are held out: the share of each class with two images or more, at least one.

    >>> held_rows(np.array([0, 0, 0, 0, 1, 1, 2]), share=0.5, seed=0).astype(int).tolist()
    [1, 0, 1, 0, 0, 1, 0]
    """
    generator = np.random.default_rng([seed, len(labels)])
    held = np.zeros(len(labels), dtype=np.bool_)
    for number in np.unique(labels):
        rows = np.flatnonzero(labels == number)
        if len(rows) > 1:
            held[generator.choice(rows, max(1, round(share * len(rows))), replace=False)] = True
    return held
