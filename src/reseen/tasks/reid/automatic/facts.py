"""What automatic settings are chosen from: the counts and the image sizes of a training set."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reseen.data.opening import read_size
from reseen.data.table import Split, Splits
from reseen.tasks.reid.recipe import Recipe
from reseen.tasks.reid.validation import can_hold_out

_SAMPLE = 200
"""Images whose sizes are read, evenly through the table."""
_SIDES = ("left", "right")


@dataclass(frozen=True)
class SetFacts:
    """A training set in numbers. Heights and widths are medians in pixels.

    ``largest``: the most pixels of one image. ``images_per_identity``: the median. ``sided``: views are named left and
    right, so a mirror image shows another view. ``test_images``: of query and gallery together.
    """

    images: int
    identities: int
    images_per_identity: float
    cameras: int
    height: int
    width: int
    largest: int
    sided: bool
    test_images: int
    can_validate: bool


def set_facts(splits: Splits, recipe: Recipe) -> SetFacts:
    """Count the training set and read the sizes of some of its images, without decoding them."""
    train = splits.train
    _, counts = np.unique(train.identities, return_counts=True)
    sizes = np.array([read_size(path) for path in _sample(train)])
    return SetFacts(
        images=len(train),
        identities=len(counts),
        images_per_identity=float(np.median(counts)),
        cameras=len(train.camera_names),
        height=int(np.median(sizes[:, 0])),
        width=int(np.median(sizes[:, 1])),
        largest=int(sizes.prod(axis=1).max()),
        sided=any(side in name.lower() for name in train.view_names for side in _SIDES),
        test_images=len(splits.query) + len(splits.gallery),
        can_validate=can_hold_out(splits, recipe),
    )


def _sample(split: Split) -> list[Path]:
    return split.paths[:: max(1, len(split) // _SAMPLE)]
