"""Cityscapes' label ids of what stands in a synthetic scene (Cordts et al., CVPR 2016)."""

from collections.abc import Mapping
from types import MappingProxyType

LABELS: Mapping[str, int] = MappingProxyType(
    {
        "ego vehicle": 1,
        "static": 4,
        "road": 7,
        "sidewalk": 8,
        "building": 11,
        "wall": 12,
        "fence": 13,
        "pole": 17,
        "traffic light": 19,
        "traffic sign": 20,
        "vegetation": 21,
        "terrain": 22,
        "sky": 23,
        "person": 24,
        "car": 26,
        "truck": 27,
        "bus": 28,
        "bicycle": 33,
    }
)
"""Name -> label id. Of the nineteen classes that are trained on, rider, train and motorcycle never occur; the ego
vehicle and what is static without a class of its own are ignored in training."""
