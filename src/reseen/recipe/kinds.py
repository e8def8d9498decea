"""The kinds of components that every task's recipe may name, each with its table and what the program supplies."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationInfo

from reseen.attention import ATTENTIONS
from reseen.data.transforms import TRANSFORMS
from reseen.losses import LOSSES
from reseen.recipe.components import Component, Kind, Line
from reseen.recipe.schedules import OPTIMIZERS, SCHEDULES
from reseen.recipe.section import may_import

ATTENTION = Kind("attention", ATTENTIONS, available=("feature_map",))
LOSS = Kind("loss", LOSSES, available=("num_identities", "width", "identity_attributes", "epoch_steps"))
OPTIMIZER = Kind("optimizer", OPTIMIZERS, available=("parameters", "fused"))
"""``fused``: one kernel for all weights, for GPUs."""
SCHEDULE = Kind("schedule", SCHEDULES, available=("epochs",))
TRANSFORM = Kind("transform", TRANSFORMS, available=("image_size",))


def checked_table(kind: Kind, lines: Mapping[str, Line], info: ValidationInfo) -> dict[str, Line]:
    """A table of a recipe whose keys are names of components, in its order, every default written out."""
    return {
        name: dict(kind.checked(Component(name, line), may_import=may_import(info)).settings)
        for name, line in lines.items()
    }


def checked_weights(kind: Kind, lines: Mapping[str, Line], info: ValidationInfo) -> dict[str, Line]:
    """The same for lines that also have a ``weight``, 1 where they say none."""
    weights = {name: _weight(name, line.get("weight", 1.0)) for name, line in lines.items()}
    own = {name: {key: value for key, value in line.items() if key != "weight"} for name, line in lines.items()}
    return {name: {"weight": weights[name], **line} for name, line in checked_table(kind, own, info).items()}


def _weight(name: str, weight: Any) -> float:
    if not isinstance(weight, int | float) or isinstance(weight, bool) or weight <= 0:
        raise ValueError(f"{name}: weight: expected a number above 0, got {weight!r}")
    return float(weight)
