"""Our counts beside the figures printed in the two papers, and readings of the baseline where they differ."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from torch import nn

from reseen.backbones.resnet import keep_size
from reseen.models import MODELS
from reseen.models.releases.mbr import CAMERAS, VIEWS
from reseen.profiling.counting import count_macs
from reseen.profiling.profile import usual_size
from reseen.tasks.reid.build import build_embedder
from reseen.tasks.reid.build_model import build_model
from reseen.tasks.reid.papers import RGA_BACKBONES, TABLE_I, TABLE_II, SystemRow, TableRow
from reseen.tasks.reid.recipe import read_recipe

IDENTITIES = 575
"""The number in MBR's configuration; the papers' text says 576 vehicles."""


class Compared(NamedTuple):
    """A row of Table II with our parameters and multiply-adds for it."""

    paper: TableRow
    parameters: int
    macs: int


class System(NamedTuple):
    """A row of Table I with our parameters and multiply-adds for it; None for a system that cannot be built."""

    paper: SystemRow
    parameters: int | None
    macs: int | None


class Candidate(NamedTuple):
    """A reading of the baseline's two bottleneck branches, and the multiply-adds that follow from it, by model."""

    what: str
    macs: dict[str, int]


class BackboneCount(NamedTuple):
    """A backbone of RGA: the released one's parameters and ours."""

    model: str
    released: int
    ours: int


def compare_table_i() -> list[System]:
    """Table I of LKA-ReID, row by row, each system at the image size of its recipe."""
    return [System(row, *(_system_cost(row.recipe) if row.recipe else (None, None))) for row in TABLE_I]


def compare_table_ii() -> list[Compared]:
    """Table II of LKA-ReID, row by row, at 256 x 256."""
    return [Compared(row, *_cost(row.model)) for row in TABLE_II]


def baseline_candidates() -> list[Candidate]:
    """The rows of Table II with plain bottleneck branches, under each reading of those branches' strides."""
    models = [row.model for row in TABLE_II if any(line["name"] == "bottleneck" for line in MODELS[row.model].branches)]
    return [Candidate(what, {model: _cost(model, change)[1] for model in models}) for what, change in STRIDES.items()]


def compare_rga() -> list[BackboneCount]:
    """The backbones of RGA beside the released ones."""
    counts = []
    for name, released in RGA_BACKBONES.items():
        backbone = build_model(name, num_identities=None, image_size=usual_size(name)).backbone
        counts.append(BackboneCount(name, released, sum(parameter.numel() for parameter in backbone.parameters())))
    return counts


def _system_cost(name: str) -> tuple[int, int]:
    """Trainable parameters and multiply-adds of the network of a recipe on VeRi-776."""
    recipe = read_recipe(name)
    with torch.device("meta"):
        model = build_embedder(recipe, num_identities=IDENTITIES, start_weights=False, metadata_names=(CAMERAS, VIEWS))
    trained = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    return trained, count_macs(model, recipe.data.image_size)[""].total


def _cost(model: str, change: Callable[[Any], None] | None = None) -> tuple[int, int]:
    """Trainable parameters and multiply-adds of a model after ``change`` to its bottleneck branches."""
    with torch.device("meta"):  # these models are built without a pass of values
        built: Any = build_model(model, num_identities=IDENTITIES, image_size=usual_size(model))
    for branch, line in zip(built.branches, MODELS[model].branches, strict=True):
        if change is not None and line["name"] == "bottleneck":
            change(branch.stage)
    trained = sum(parameter.numel() for parameter in built.parameters() if parameter.requires_grad)
    return trained, count_macs(built, usual_size(model))[""].total


def _as_released(stage: Any) -> None:
    """The first block halves the map."""


def _never_halved(stage: Any) -> None:
    keep_size(stage[0])


def _halved_after_first(stage: Any) -> None:
    keep_size(stage[0])
    stage.insert(1, nn.AvgPool2d(2))


STRIDES: Mapping[str, Callable[[Any], None]] = MappingProxyType(
    {
        "8 x 8 from the first block on (MBR's release, and ours)": _as_released,
        "16 x 16 throughout": _never_halved,
        "first block at 16 x 16, the others at 8 x 8": _halved_after_first,
    }
)
"""Reading -> what it does to a built stage. Parameters are the same under each."""
