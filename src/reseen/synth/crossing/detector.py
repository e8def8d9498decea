"""What a detector finds of who stands before a camera: boxes that are large enough, and enough of them in the frame."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FRAME = (1280, 720)
"""Width and height of every camera's frame, pixels."""
_SHOWN = 0.6
"""The share of a box that must lie in the frame."""

Floats = npt.NDArray[np.float64]


class Detector(NamedTuple):
    """What is detected of a kind: so many metres ahead at most (``reach``), and boxes of so many pixels' height."""

    reach: float
    least: float


DETECTORS: Mapping[str, Detector] = MappingProxyType({"vehicle": Detector(55.0, 28.0), "person": Detector(40.0, 40.0)})
"""By kind. A person is taller than wide: 40 pixels of height are some 15 of width, and less shows no clothes."""


def visible(boxes: Floats, *, least: float) -> npt.NDArray[np.bool_]:
    """(B, 4) -> (B,) whether enough of each box lies in the frame, and is large enough."""
    inside = clip(boxes)
    share = _area(inside) / np.maximum(_area(boxes), 1e-9)
    return np.asarray((share >= _SHOWN) & (inside[:, 3] - inside[:, 1] >= least))


def clip(boxes: Floats) -> Floats:
    """Boxes (B, 4) inside the frame."""
    limits = np.asarray([FRAME[0], FRAME[1]] * 2, np.float64)
    return np.asarray(np.clip(boxes, 0, limits))


def _area(boxes: Floats) -> Floats:
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))
