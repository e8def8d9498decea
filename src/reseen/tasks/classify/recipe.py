"""The recipe of a classification, read with ``read_as(ClassifyRecipe, ...)``."""

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from reseen.bounds import NotNegative, Part, Share
from reseen.recipe.backbone import BackboneSettings
from reseen.recipe.components import Line, known
from reseen.recipe.kinds import TRANSFORM, checked_table
from reseen.recipe.section import Section
from reseen.recipe.training import ImageSettings, Scoring, TrainingRecipe
from reseen.tasks.classify.readers import READERS


class ClassData(ImageSettings):
    """Which images, and how many a batch has, of all processes together.

    ``unreadable``: what is done about images that do not decode; "unchecked" does not look for them beforehand, which
    takes long for a million, and stops when it meets one.
    """

    layout: str = "auto"
    unreadable: Literal["stop", "skip", "unchecked"] = "stop"
    batch_size: Annotated[int, Field(ge=2)] = 128

    @field_validator("layout")
    @classmethod
    def _known_layout(cls, name: str) -> str:
        return known("layout", name, {"auto": None, **READERS})


class Loss(Section):
    """Cross-entropy; ``label_smoothing`` spreads so much of a label over all classes (Szegedy et al., 2016)."""

    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0


class Mix(Section):
    """Images of a batch mixed in pairs, and their labels likewise; the numbers are the beta distribution's alpha.

    ``mixup`` lays one over the other (Zhang et al., 2018), ``cutmix`` pastes a rectangle (Yun et al., 2019); 0 is
    never, and where both are wanted each batch draws one. ``probability``: of mixing a batch at all.
    """

    mixup: NotNegative = 0.0
    cutmix: NotNegative = 0.0
    probability: Share = 1.0


class ClassEvaluation(Scoring):
    """``centre_crop``: the middle is looked at, so much of the tighter side; else the whole image, resized."""

    centre_crop: Part | None = None


class ClassValidation(Section):
    """On what the best epoch and the network that is handed over are chosen.

    ``images``: the share of each class's training images that is held out for it; 0: the data set's own validation
    images choose the epoch, which is the field's habit. ``choose``: after training the held-out images choose among
    the untrained network with a head fitted on it, the trained one, and averages of both.
    """

    images: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    choose: bool = False

    @model_validator(mode="after")
    def _images_to_choose_on(self) -> Self:
        if self.choose and not self.images:
            raise ValueError("choose: expected images above 0, such as 0.1, to choose on, got 0")
        return self


class ClassifyRecipe(TrainingRecipe):
    """A whole run."""

    task: Literal["classify"] = "classify"
    data: ClassData
    model: BackboneSettings
    transforms: dict[str, Line] = Field(default_factory=dict)
    loss: Loss = Loss()
    mix: Mix = Mix()
    validation: ClassValidation = ClassValidation()
    evaluation: ClassEvaluation = ClassEvaluation()

    @field_validator("transforms")
    @classmethod
    def _known_transforms(cls, lines: dict[str, Line], info: ValidationInfo) -> dict[str, Line]:
        return checked_table(TRANSFORM, lines, info)
