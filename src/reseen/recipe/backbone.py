"""The part of a recipe's [model] that says which backbone, with which options, attention and start weights."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import (
    ConfigDict,
    Field,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from reseen.backbones import Family, family_of
from reseen.backbones.family import PROVIDED
from reseen.backbones.slots import SLOTS
from reseen.errors import ReseenError, unknown
from reseen.recipe.components import Line, known, plain_settings, refuse_import
from reseen.recipe.kinds import ATTENTION
from reseen.recipe.section import Section, Size, may_import

_ALWAYS_SAID = ("last_stride", "ibn", "stem", "output_stride")
"""Options that a weights file's card says even where they are not set: fingerprints of networks hash its words."""


class BackboneSettings(Section):
    """A backbone and its start weights; what is no setting here is an option of the backbone's family.

    ``attention``: slot (`reseen.backbones.slots`) -> name and settings. ``pretrained_size``: the (height, width) that
    the start weights were trained at, where they are resampled to the data's size. The globs name tensors that the
    weights may lack, or have too many.
    """

    model_config = ConfigDict(extra="allow")

    backbone: str
    weights: str = "none"
    attention: dict[str, Line] = Field(default_factory=dict)
    pretrained_size: Size | None = None
    expect_missing: list[str] = Field(default_factory=list)
    expect_unexpected: list[str] = Field(default_factory=list)

    @property
    def options(self) -> dict[str, Any]:
        """The family's options that are set."""
        return dict(self.model_extra or {})

    @model_validator(mode="before")
    @classmethod
    def _family_has_the_rest(cls, raw: Any, info: ValidationInfo) -> Any:
        if not isinstance(raw, Mapping) or not isinstance(raw.get("backbone"), str):
            return raw
        if not may_import(info):
            refuse_import(raw["backbone"])
        settings = {name: value for name, value in raw.items() if name in cls.model_fields}
        options = {name: value for name, value in raw.items() if name not in settings and value is not None}
        family = _family(raw["backbone"])
        if strange := [name for name in options if name not in family.options]:
            raise ValueError(_not_options(strange, family, settings=cls.model_fields))
        try:
            return {**settings, **plain_settings(family.build, options, available=PROVIDED)}
        except ValueError as error:
            raise _where_it_stands(error) from None

    @field_validator("attention")
    @classmethod
    def _known_attention(cls, lines: dict[str, Line], info: ValidationInfo) -> dict[str, Line]:
        family = _family(info.data["backbone"]) if lines and "backbone" in info.data else None
        return {slot: _attention(slot, line, family=family, trusted=may_import(info)) for slot, line in lines.items()}

    @model_serializer(mode="wrap")
    def _options_after_weights(self, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        values: dict[str, Any] = handler(self)
        options = {} if info.exclude_none else dict.fromkeys(_ALWAYS_SAID)
        options |= {name: values.pop(name) for name in self.options}
        first = {name: values.pop(name) for name in ("backbone", "weights")}
        return {**first, **options, **values}


def _family(name: str) -> Family:
    try:
        return family_of(name)
    except ReseenError as error:
        raise ValueError(str(error)) from None


def _where_it_stands(error: ValueError) -> ValidationError:
    """The fault of an option, "stem: expected ...", as one of the setting of that name."""
    option, _, fault = str(error).partition(": ")
    reason = PydanticCustomError("value_error", "{fault}", {"fault": fault})
    return ValidationError.from_exception_data("options", [{"type": reason, "loc": (option,), "input": None}])


def _not_options(names: Sequence[str], family: Family, *, settings: Iterable[str]) -> str:
    """One line that names what can be set, and apart from it the family's own."""
    known = [*settings, *family.options]
    more = f" (and {len(names) - 3} more)" if len(names) > 3 else ""
    faults = "; ".join(unknown("setting", name, known) for name in names[:3])
    return f"{faults}{more}; options of a {family.label}: {', '.join(family.options) or 'none'}"


def _attention(slot: str, line: Line, *, family: Family | None, trusted: bool) -> Line:
    if family and not family.slots:
        raise ValueError(f"a {family.label} has no places for attention")
    known("stage", slot, dict.fromkeys(family.slots if family else SLOTS))
    try:
        return ATTENTION.checked_line(line, may_import=trusted)
    except ValueError as error:
        raise ValueError(f"{slot}: {error}") from None
