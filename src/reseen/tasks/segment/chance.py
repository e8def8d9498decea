"""A baseline of segmentation: at each place the class that training scenes show there most often.

K = classes, H, W = height and width of an image.
"""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image

from reseen.data.threads import in_threads
from reseen.engine.hardware import one_device
from reseen.progress import Progress
from reseen.tasks.segment.classes import CLASS_NAMES, CLASS_OF_ID, IGNORE
from reseen.tasks.segment.scenes import Labels, Pair, SceneSplits, load_ids
from reseen.tasks.segment.scoring import Scorer, SegmentReport

CELLS = (64, 128)
"""Rows and columns of places."""


def chance(splits: SceneSplits, *, progress: Progress) -> SegmentReport:
    """The report of predicting the most frequent class of each place, whatever the image."""
    usual = Image.fromarray(most_frequent(splits.train, progress=progress))
    scorer = Scorer(fabric=one_device(), inference="without a look")
    with progress.bar("chance: score", total=len(splits.val)) as bar:
        for _, labels in in_threads(_classes, splits.val):
            predicted = np.asarray(usual.resize(labels.shape[::-1], Image.Resampling.NEAREST))
            scorer.add(
                torch.from_numpy(predicted.astype(np.int64))[None], torch.from_numpy(labels.astype(np.int64))[None]
            )
            bar.advance()
    return scorer.report(images=len(splits.val))


def most_frequent(pairs: Sequence[Pair], *, progress: Progress) -> Labels:
    """(64, 128): the most frequent class of each place over the label maps; the first class where all ignore it."""
    counts = np.zeros((*CELLS, len(CLASS_NAMES)), np.int64)
    with progress.bar("chance: count", total=len(pairs)) as bar:
        for _, labels in in_threads(_classes, pairs):
            small = np.asarray(Image.fromarray(labels).resize(CELLS[::-1], Image.Resampling.NEAREST))
            rows, columns = np.nonzero(small != IGNORE)
            counts[rows, columns, small[rows, columns]] += 1
            bar.advance()
    return np.asarray(counts.argmax(axis=-1), np.uint8)


def _classes(pair: Pair) -> Labels:
    classes: Labels = CLASS_OF_ID[load_ids(pair.labels)]
    return classes
