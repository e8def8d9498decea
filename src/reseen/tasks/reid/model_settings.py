"""The recipe's [model]: a backbone, what stands on it, and the models by name as such settings."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from reseen.backbones import family_of
from reseen.models import attended
from reseen.models.assemble import BranchLine
from reseen.models.attended import AttendedLines
from reseen.models.branches import BRANCHES
from reseen.models.mbr import LINES
from reseen.ops.pooling import POOLINGS
from reseen.recipe.backbone import BackboneSettings
from reseen.recipe.components import Component, Kind, Line, known
from reseen.recipe.section import Section, may_import

BRANCH = Kind("branch", BRANCHES, available=("stage", "trunk"))
ROLES = ("classify", "triplet", "both")


class Metadata(Section):
    """The branches learn a table over the training set's cameras and views.

    ``drop``: how often training takes a picture's camera, and independently its view, as unknown, so that the
    model also serves without them.
    """

    drop: Annotated[float, Field(ge=0, le=1)] = 0.0


class Model(BackboneSettings):
    """A backbone and the head on it; or the ``name`` of a model that stands for such lines.

    Lines beside a name change what it stands for. ``branches`` makes a multi-branch model, one line a branch:
    name, role (classify, triplet or both) and settings.
    """

    name: str | None = None
    pooling: str = "average"
    branches: list[Line] = Field(default_factory=list)
    metadata: Metadata | None = None

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, raw: Any) -> Any:
        if not isinstance(raw, Mapping) or not isinstance(raw.get("name"), str):
            return raw
        return {**NAMED[known("model", raw["name"], NAMED)], **raw}

    @field_validator("pooling")
    @classmethod
    def _known_pooling(cls, name: str) -> str:
        return known("pooling", name, POOLINGS)

    @field_validator("branches")
    @classmethod
    def _known_branches(cls, lines: list[Line], info: ValidationInfo) -> list[Line]:
        return [_branch(line, trusted=may_import(info)) for line in lines]

    @model_validator(mode="after")
    def _branches_for_metadata(self) -> Self:
        if self.metadata is not None and not self.branches:
            raise ValueError("metadata: expected a model with branches, got none")
        return self

    @property
    def learns_side_information(self) -> bool:
        """Whether the branches or the backbone learn cameras and views."""
        return self.metadata is not None or family_of(self.backbone).learns_side_information

    def branch_lines(self) -> tuple[BranchLine, ...]:
        """The branches as `reseen.models` takes them."""
        return tuple(
            BranchLine(line["name"], line["role"], Component.of(line, apart_from=("role",)).settings)
            for line in self.branches
        )


def _branch(line: Line, *, trusted: bool) -> Line:
    name, role = line.get("name"), line.get("role")
    if not isinstance(name, str):
        raise ValueError(f"expected name = one of {', '.join(BRANCHES)}, got {name!r}")  # noqa: TRY004
    if role not in ROLES:
        raise ValueError(f"{name}: role: expected one of {', '.join(ROLES)}, got {role!r}")
    return BRANCH.checked(Component.of(line, apart_from=("role",)), may_import=trusted).line(role=role)


def _branched(lines: tuple[BranchLine, ...]) -> Line:
    entries = [{"name": line.kind, "role": line.role, **line.settings} for line in lines]
    return {"backbone": "resnet50", "ibn": "a", "branches": entries}


def _attended(lines: AttendedLines) -> Line:
    attention = {slot: {"name": line.name, **line.settings} for slot, line in lines.attention.items()}
    stride = {} if lines.last_stride is None else {"last_stride": lines.last_stride}
    return {"backbone": lines.backbone, "attention": attention, **stride}


NAMED: Mapping[str, Line] = MappingProxyType(
    {
        "resnet50_bot": {"backbone": "resnet50.tv_in1k", "last_stride": 1},
        "efficientnet_lite0": {"backbone": "tf_efficientnet_lite0"},
        **{name: _attended(lines) for name, lines in attended.LINES.items()},
        **{name: _branched(lines) for name, lines in LINES.items()},
    }
)
"""Name of a model -> the [model] lines it stands for."""
