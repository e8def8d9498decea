"""The recipe's [model]: a backbone, what stands on it, and the models by name as such settings."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Self

from pydantic import (
    Field,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)
from torch import nn

from reseen.backbones import family_of
from reseen.models import MODELS
from reseen.models.assemble import BranchConfig
from reseen.models.branches import BRANCHES, attention_stage
from reseen.models.embedder import Compared
from reseen.models.heads import HEADS
from reseen.ops.pooling import POOLINGS
from reseen.recipe.backbone import BackboneSettings
from reseen.recipe.components import Component, Kind, Line, known
from reseen.recipe.kinds import ATTENTION
from reseen.recipe.section import Section, may_import
from reseen.types import FeatureMap

BRANCH = Kind("branch", BRANCHES, available=("stage", "trunk"))
HEAD = Kind("head", HEADS, available=("backbone", "num_identities"))
ROLES = ("classify", "triplet", "both")
_OF_A_SINGLE_BRANCH = ("embedding", "whitening")
_SAID_IF_SET = (*_OF_A_SINGLE_BRANCH, "head")
"""Settings that a weights file's card leaves out at their defaults: fingerprints of networks hash its words."""


class Metadata(Section):
    """The branches learn a table over the training set's cameras and views.

    ``drop``: how often training takes an image's camera, and independently its view, as unknown, so that the
    model also serves without them.
    """

    drop: Annotated[float, Field(ge=0, le=1)] = 0.0


class Whitening(Section):
    """The embedding's last layer centres, projects and scales the vector of length 1, and gives ``width`` numbers.

    It is learned once a training is done (`reseen.tasks.reid.choose`), so a weights file has it and a training has not.
    """

    width: Annotated[int, Field(ge=1)]


class Model(BackboneSettings):
    """A backbone and the head on it; or the ``name`` of a model that stands for such lines.

    Lines beside a name change what it stands for. ``branches`` makes a multi-branch model, one line a branch: its role
    (classify, triplet or both), its name or, for one with an attention in place of 3 x 3 convolutions, its
    ``attention``, and settings. ``head``: one by name (`reseen.models.heads`), with its settings, for vectors that are
    no branches. ``embedding``: the vector of a single-branch model that is compared, after its BNNeck
    (``necked``) or before it (``pooled``).
    """

    name: str | None = None
    pooling: str = "average"
    branches: list[Line] = Field(default_factory=list)
    metadata: Metadata | None = None
    head: Line | None = None
    embedding: Compared = "necked"
    whitening: Whitening | None = None

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, raw: Any) -> Any:
        if not isinstance(raw, Mapping) or not isinstance(raw.get("name"), str):
            return raw
        return {**MODELS[known("model", raw["name"], MODELS)].settings, **raw}

    @field_validator("pooling")
    @classmethod
    def _known_pooling(cls, name: str) -> str:
        return known("pooling", name, POOLINGS)

    @field_validator("branches")
    @classmethod
    def _known_branches(cls, lines: list[Line], info: ValidationInfo) -> list[Line]:
        return [_branch(line, trusted=may_import(info)) for line in lines]

    @field_validator("head")
    @classmethod
    def _known_head(cls, line: Line | None, info: ValidationInfo) -> Line | None:
        return None if line is None else HEAD.checked_line(line, may_import=may_import(info))

    @model_validator(mode="after")
    def _one_kind_of_head(self) -> Self:
        others = [name for name in ("branches", "pooling", *_OF_A_SINGLE_BRANCH) if self._is_set(name)]
        if self.head is not None and others:
            raise ValueError(f"head: expected {others[0]} left out beside the head '{self.head['name']}'")
        return self

    @model_validator(mode="after")
    def _branches_for_metadata(self) -> Self:
        if self.metadata is not None and not self.branches:
            raise ValueError("metadata: expected a model with branches, got none")
        return self

    @model_validator(mode="after")
    def _head_of_a_single_branch(self) -> Self:
        chosen = [name for name in _OF_A_SINGLE_BRANCH if self._is_set(name)]
        if self.branches and chosen:
            raise ValueError(f"{chosen[0]}: expected a model without branches, got {len(self.branches)} branches")
        return self

    @model_serializer(mode="wrap")
    def _without_unset_heads(self, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        values = self._options_after_weights(handler, info)
        return {name: value for name, value in values.items() if name not in _SAID_IF_SET or self._is_set(name)}

    def _is_set(self, name: str) -> bool:
        """Whether a setting differs from its default."""
        return bool(getattr(self, name) != type(self).model_fields[name].get_default(call_default_factory=True))

    @property
    def learns_side_information(self) -> bool:
        """Whether the branches or the backbone learn cameras and views."""
        return self.metadata is not None or family_of(self.backbone).learns_side_information

    def branch_configs(self) -> tuple[BranchConfig, ...]:
        """The branches as `reseen.models` takes them."""
        return tuple(_config(line) for line in self.branches)


def _config(line: Line) -> BranchConfig:
    if "attention" in line:
        attention = _attention_of(line)
        return BranchConfig(attention.name, line["role"], factory=partial(_attended, attention=attention))
    branch = Component.of(line, apart_from=("role",))
    return BranchConfig(branch.name, line["role"], factory=partial(_branched, branch=branch))


def _branched(stage: nn.Module, trunk: FeatureMap, *, branch: Component) -> nn.Module:
    made: nn.Module = BRANCH.build(branch, stage=stage, trunk=trunk)
    return made


def _attended(stage: nn.Module, trunk: FeatureMap, *, attention: Component) -> nn.Module:
    return attention_stage(stage, trunk, lambda maps: ATTENTION.build(attention, feature_map=maps))


def _attention_of(line: Line) -> Component:
    return Component(line["attention"], {key: line[key] for key in line if key not in {"attention", "role"}})


def _branch(line: Line, *, trusted: bool) -> Line:
    if {"name", "attention"} <= line.keys():
        raise ValueError("expected name or attention in a branch's line, got both")
    key = "attention" if "attention" in line else "name"
    name, role = line.get(key), line.get("role")
    if not isinstance(name, str):
        raise ValueError(f"expected name = one of {', '.join(BRANCHES)}, got {name!r}")  # noqa: TRY004
    if role not in ROLES:
        raise ValueError(f"{name}: role: expected one of {', '.join(ROLES)}, got {role!r}")
    if key == "attention":
        checked = ATTENTION.checked(_attention_of(line), may_import=trusted)
        return {"attention": name, "role": role, **checked.settings}
    return BRANCH.checked(Component.of(line, apart_from=("role",)), may_import=trusted).line(role=role)
