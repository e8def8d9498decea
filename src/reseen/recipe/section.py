"""A part of a recipe, and how plain values become one: strictly, or with one line that says what is wrong."""

from collections.abc import Mapping
from typing import Annotated, TypeAlias, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo

from reseen.bounds import Triple as PlainTriple
from reseen.errors import ReseenError
from reseen.recipe.components import explain


class Section(BaseModel):
    """A part of the recipe: strict types, no unknown settings, never changed after reading."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


SectionT = TypeVar("SectionT", bound=Section)


def section_from(schema: type[SectionT], raw: Mapping[str, object], *, name: str, trusted: bool = False) -> SectionT:
    """The section that plain values (TOML's) are; ``name`` begins the error line.

    ``trusted``: the user's own recipe, for which the modules of ``module:factory`` names are imported.
    """
    try:
        return schema.model_validate(dict(raw), context={"trusted": trusted})
    except ValidationError as error:
        raise ReseenError(f"{name}: {explain(error, schema)}") from None


def may_import(info: ValidationInfo) -> bool:
    """Whether a validator reads the user's own recipe, and so may import what it names."""
    return bool((info.context or {}).get("trusted"))


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


# Strict pydantic wants tuples where TOML has arrays.
FIXED_LENGTH = BeforeValidator(_as_tuple)

_Pixels = Annotated[int, Field(ge=32, le=4096)]
Size: TypeAlias = Annotated[tuple[_Pixels, _Pixels], FIXED_LENGTH]
"""(height, width) in pixels."""
Triple: TypeAlias = Annotated[PlainTriple, FIXED_LENGTH]
"""One number a channel, RGB."""
