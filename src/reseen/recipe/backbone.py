"""The lines of a recipe's [model] that say which backbone, with which attention and which start weights."""

from typing import Literal

from pydantic import Field, field_validator

from reseen.attention import ATTENTIONS
from reseen.backbones.slots import SLOTS
from reseen.recipe.lines import Entry, known, named_entry
from reseen.recipe.section import Section, Size


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
    attention: dict[str, Entry] = Field(default_factory=dict)
    carried_from: Size | None = None
    expect_missing: list[str] = Field(default_factory=list)
    expect_unexpected: list[str] = Field(default_factory=list)

    @field_validator("attention")
    @classmethod
    def _known_attention(cls, lines: dict[str, Entry]) -> dict[str, Entry]:
        return {slot: _attention(slot, line) for slot, line in lines.items()}


def _attention(slot: str, line: Entry) -> Entry:
    known("stage", slot, dict.fromkeys(SLOTS))
    try:
        return named_entry("attention", ATTENTIONS, settings=line, provided=("feature_map",))
    except ValueError as error:
        raise ValueError(f"{slot}: {error}") from None
