"""The lines of a recipe's [model] that say which backbone, with which attention and which start weights."""

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from reseen.backbones.slots import SLOTS
from reseen.recipe.components import Line, known
from reseen.recipe.kinds import ATTENTION
from reseen.recipe.section import Section, Size, may_import


class BackboneLines(Section):
    """A backbone of timm and its start weights.

    ``stem``: "cifar" begins a ResNet without reducing the picture. ``output_stride``: how many times smaller than the
    picture the map is; later strides become dilation.
    ``attention``: slot (`reseen.backbones.slots`) -> name and settings. ``carried_from``: the (height, width) that the
    start weights were trained at, where their attention is resampled to the data's size. The globs name tensors that
    the weights may lack, or have too many.
    """

    backbone: str
    weights: str = "none"
    last_stride: Literal[1, 2] | None = None
    ibn: Literal["a"] | None = None
    stem: Literal["cifar"] | None = None
    output_stride: Literal[8, 16] | None = None
    attention: dict[str, Line] = Field(default_factory=dict)
    carried_from: Size | None = None
    expect_missing: list[str] = Field(default_factory=list)
    expect_unexpected: list[str] = Field(default_factory=list)

    @field_validator("attention")
    @classmethod
    def _known_attention(cls, lines: dict[str, Line], info: ValidationInfo) -> dict[str, Line]:
        return {slot: _attention(slot, line, trusted=may_import(info)) for slot, line in lines.items()}


def _attention(slot: str, line: Line, *, trusted: bool) -> Line:
    known("stage", slot, dict.fromkeys(SLOTS))
    try:
        return ATTENTION.checked_line(line, may_import=trusted)
    except ValueError as error:
        raise ValueError(f"{slot}: {error}") from None
