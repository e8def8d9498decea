"""The recipe of a segmentation, read with ``read_as(SegmentRecipe, ...)``."""

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from reseen.bounds import NotNegative, Positive, Share
from reseen.recipe.backbone import BackboneSettings
from reseen.recipe.components import Kind, Line, known
from reseen.recipe.kinds import TRANSFORM, checked_table
from reseen.recipe.section import FIXED_LENGTH, may_import
from reseen.recipe.training import ImageSettings, Scoring, TrainingRecipe
from reseen.tasks.segment.heads import HEADS
from reseen.tasks.segment.inference import Inference

COLOURS = ("blur", "colour_jitter", "grey")
"""The transforms that move no pixel, so that labels stay true."""

HEAD = Kind("head", HEADS, available=("channels", "classes"))


class SceneLines(ImageSettings):
    """How scenes are read: ``image_size`` is that of the piece that training cuts out of each.

    ``scale``: the range of the factor by which a scene is resized before that; ``flip``: how often it is mirrored;
    ``batch_size`` of all processes together.
    """

    scale: Annotated[tuple[Positive, Positive], FIXED_LENGTH] = (0.5, 2.0)
    flip: Share = 0.5
    batch_size: Annotated[int, Field(ge=1)] = 8

    @field_validator("decode")
    @classmethod
    def _in_full(cls, decode: str) -> str:
        if decode != "full":
            raise ValueError(f"expected 'full', as an image's labels are for its own pixels, got '{decode}'")
        return decode

    @field_validator("scale")
    @classmethod
    def _rises(cls, scale: tuple[float, float]) -> tuple[float, float]:
        if scale[0] > scale[1]:
            raise ValueError(f"expected the smaller factor first, got {scale[0]:g}, {scale[1]:g}")
        return scale


class SegmentModel(BackboneSettings):
    """A backbone and what stands on it.

    ``auxiliary``: the weight of the loss of a second head, on the stage before the last; 0 for none.
    """

    head: Line = Field(default_factory=lambda: {"name": "fcn"})
    auxiliary: NotNegative = 0.4

    @field_validator("head")
    @classmethod
    def _known_head(cls, line: Line, info: ValidationInfo) -> Line:
        return HEAD.checked_line(line, may_import=may_import(info))


class SegmentScoring(Scoring):
    """``inference``: whole images, or windows of the training size that ``overlap`` by this share of themselves."""

    batch_size: Annotated[int, Field(ge=1)] = 1
    inference: Inference = "whole"
    overlap: Annotated[float, Field(ge=0, lt=1)] = 1 / 3


class SegmentRecipe(TrainingRecipe):
    """A whole run."""

    task: Literal["segment"] = "segment"
    data: SceneLines
    model: SegmentModel
    transforms: dict[str, Line] = Field(default_factory=dict)
    evaluation: SegmentScoring = SegmentScoring()

    @field_validator("transforms")
    @classmethod
    def _colours_only(cls, lines: dict[str, Line], info: ValidationInfo) -> dict[str, Line]:
        for name in lines:
            known("transform of scenes", name, dict.fromkeys(COLOURS))
        return checked_table(TRANSFORM, lines, info)

    @model_validator(mode="after")
    def _batch_for_pooling(self) -> Self:
        if self.model.head["name"] == "aspp" and self.data.batch_size < 2:
            raise ValueError(
                "data.batch_size: the head aspp needs at least 2, since it normalises over a batch of means"
            )
        return self
