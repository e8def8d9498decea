"""Cityscapes' classes: nineteen are trained on and scored, the other labels are ignored (torchvision's table)."""

import numpy as np
from torchvision.datasets import Cityscapes

IGNORE = 255
"""The number of pixels that count neither in training nor in scores."""

_SCORED = sorted(
    (entry for entry in Cityscapes.classes if 0 <= entry.train_id < IGNORE), key=lambda entry: entry.train_id
)
CLASS_NAMES: tuple[str, ...] = tuple(entry.name for entry in _SCORED)
COLOURS = np.asarray([entry.color for entry in _SCORED], dtype=np.uint8)
"""(19, 3): the colour of each class."""
LABEL_IDS = np.asarray([entry.id for entry in _SCORED], dtype=np.uint8)
"""(19,): the label id of each class in files."""
KNOWN_IDS = tuple(sorted(entry.id for entry in Cityscapes.classes if entry.id >= 0))
"""The ids that a label file may hold."""

CLASS_OF_ID = np.full(256, IGNORE, dtype=np.uint8)
"""(256,): label id -> class or ``IGNORE``."""
CLASS_OF_ID[LABEL_IDS] = np.arange(len(CLASS_NAMES))
CLASS_OF_ID.setflags(write=False)
