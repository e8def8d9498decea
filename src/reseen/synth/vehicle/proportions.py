"""Body types and their sizes: what one model of vehicle is, and the ranges that models are drawn from.

All lengths in metres. ``cowl`` and ``roof_start`` are measured back from the nose, ``roof_end`` and ``deck`` forward
from the tail: the foot of the windscreen, its head, the head of the rear window and its foot.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

import numpy as np

Range = tuple[float, float]


@dataclass(frozen=True)
class Proportions:
    """The measures of one model."""

    length: float
    width: float
    height: float
    wheel: float
    front_axle: float
    rear_axle: float
    sill: float
    belt: float
    nose_height: float
    tail_height: float
    cowl: float
    roof_start: float
    roof_end: float
    deck: float
    tumblehome: float
    nose_round: float
    tail_round: float


@dataclass(frozen=True)
class BodyType:
    """A kind of vehicle: its share among all, the number VeRi's lists would give it, and its ranges."""

    share: float
    number: int
    ranges: Mapping[str, Range]


def _type(share: float, number: int, **ranges: Range) -> BodyType:
    return BodyType(share, number, MappingProxyType(ranges))


BODY_TYPES: Mapping[str, BodyType] = MappingProxyType(
    {
        "hatch": _type(
            0.17, 4, length=(3.6, 4.3), width=(1.65, 1.82), height=(1.44, 1.58), wheel=(0.29, 0.33),
            front_axle=(0.72, 0.88), rear_axle=(0.55, 0.72), sill=(0.16, 0.21), belt=(0.92, 1.0),
            nose_height=(0.68, 0.8), tail_height=(0.93, 1.0), cowl=(0.85, 1.1), roof_start=(1.5, 1.85),
            roof_end=(0.3, 0.6), deck=(0.06, 0.16), tumblehome=(0.14, 0.2), nose_round=(3.6, 5.5), tail_round=(5, 8),
        ),
        "sedan": _type(
            0.36, 1, length=(4.3, 5.0), width=(1.7, 1.9), height=(1.4, 1.5), wheel=(0.3, 0.35),
            front_axle=(0.82, 0.98), rear_axle=(0.95, 1.15), sill=(0.15, 0.2), belt=(0.9, 0.98),
            nose_height=(0.66, 0.76), tail_height=(0.9, 1.0), cowl=(1.15, 1.45), roof_start=(1.85, 2.2),
            roof_end=(1.15, 1.45), deck=(0.5, 0.75), tumblehome=(0.16, 0.22), nose_round=(3.6, 5.5),
            tail_round=(4.5, 7),
        ),
        "estate": _type(
            0.07, 9, length=(4.4, 4.9), width=(1.74, 1.88), height=(1.45, 1.55), wheel=(0.31, 0.35),
            front_axle=(0.85, 0.98), rear_axle=(0.95, 1.1), sill=(0.16, 0.21), belt=(0.92, 0.98),
            nose_height=(0.68, 0.78), tail_height=(0.94, 1.0), cowl=(1.15, 1.4), roof_start=(1.85, 2.15),
            roof_end=(0.3, 0.55), deck=(0.06, 0.16), tumblehome=(0.15, 0.2), nose_round=(3.8, 5.5), tail_round=(6, 9),
        ),
        "suv": _type(
            0.22, 2, length=(4.2, 5.0), width=(1.8, 2.0), height=(1.65, 1.85), wheel=(0.35, 0.4),
            front_axle=(0.82, 0.98), rear_axle=(0.8, 1.0), sill=(0.23, 0.33), belt=(1.1, 1.2),
            nose_height=(0.92, 1.08), tail_height=(1.1, 1.2), cowl=(1.1, 1.4), roof_start=(1.65, 2.05),
            roof_end=(0.22, 0.6), deck=(0.06, 0.16), tumblehome=(0.12, 0.19), nose_round=(4.2, 7), tail_round=(6, 10),
        ),
        "van": _type(
            0.08, 3, length=(4.4, 5.9), width=(1.8, 2.05), height=(1.9, 2.6), wheel=(0.32, 0.36),
            front_axle=(0.85, 1.0), rear_axle=(0.85, 1.15), sill=(0.2, 0.27), belt=(1.12, 1.26),
            nose_height=(0.9, 1.04), tail_height=(1.14, 1.26), cowl=(0.5, 0.85), roof_start=(1.15, 1.6),
            roof_end=(0.05, 0.16), deck=(0.02, 0.05), tumblehome=(0.05, 0.11), nose_round=(4.5, 8), tail_round=(10, 16),
        ),
        "pickup": _type(
            0.04, 6, length=(4.9, 5.5), width=(1.8, 1.98), height=(1.72, 1.86), wheel=(0.36, 0.4),
            front_axle=(0.85, 1.0), rear_axle=(1.1, 1.3), sill=(0.28, 0.36), belt=(1.1, 1.2),
            nose_height=(0.96, 1.08), tail_height=(1.08, 1.16), cowl=(1.2, 1.45), roof_start=(1.75, 2.05),
            roof_end=(1.75, 2.2), deck=(1.6, 2.0), tumblehome=(0.13, 0.19), nose_round=(5, 8), tail_round=(9, 14),
        ),
        "truck": _type(
            0.04, 8, length=(5.8, 7.4), width=(2.0, 2.3), height=(2.8, 3.4), wheel=(0.4, 0.46),
            front_axle=(0.95, 1.2), rear_axle=(1.3, 1.7), sill=(0.42, 0.55), belt=(1.3, 1.5),
            nose_height=(1.2, 1.42), tail_height=(1.3, 1.5), cowl=(0.1, 0.3), roof_start=(0.4, 0.75),
            roof_end=(0.05, 0.1), deck=(0.02, 0.05), tumblehome=(0.06, 0.12), nose_round=(7, 11), tail_round=(12, 18),
        ),
        "bus": _type(
            0.02, 7, length=(8.5, 11.5), width=(2.35, 2.5), height=(2.9, 3.2), wheel=(0.46, 0.5),
            front_axle=(2.0, 2.5), rear_axle=(2.3, 3.0), sill=(0.28, 0.36), belt=(1.15, 1.35),
            nose_height=(1.1, 1.3), tail_height=(1.15, 1.35), cowl=(0.02, 0.1), roof_start=(0.15, 0.4),
            roof_end=(0.05, 0.15), deck=(0.02, 0.05), tumblehome=(0.03, 0.07), nose_round=(9, 15), tail_round=(13, 20),
        ),
    }
)  # fmt: skip
"""The body types: name -> share and ranges."""


def draw_proportions(kind: str, rng: np.random.Generator) -> Proportions:
    """One model of the body type ``kind``."""
    ranges = BODY_TYPES[kind].ranges
    return Proportions(**{field.name: float(rng.uniform(*ranges[field.name])) for field in fields(Proportions)})
