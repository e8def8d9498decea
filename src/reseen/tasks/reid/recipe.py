"""The recipe of re-identification: every setting of a run in one strict TOML file.

Read with `read_recipe`; an unknown, ill-typed or impossible setting is a `ReseenError` that names the file, the place
and the nearest known word. The settings of a table's entry (a loss, a transform, an optimiser, a schedule) are checked
against the signature of the entry itself, and the defaults it has are written into the recipe as run.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Self

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)

from reseen.engine.run import Run
from reseen.errors import ReseenError
from reseen.losses import SELF_DISTILLATION, does_compare_pairs
from reseen.recipe.components import Line
from reseen.recipe.kinds import LOSS, TRANSFORM, checked_table, checked_weights
from reseen.recipe.training import TrainingRecipe, read_as, recipe_as
from reseen.tasks.reid.model_settings import Model
from reseen.tasks.reid.sections import Crops, Data, Evaluation, MetadataTold, Sampler, Validation
from reseen.tasks.reid.text_settings import Texts

__all__ = [
    "DISTILLATION",
    "IMAGE_TO_TEXT",
    "PLACEHOLDERS",
    "ZOOM",
    "Crops",
    "Data",
    "Evaluation",
    "MetadataTold",
    "Recipe",
    "Sampler",
    "Validation",
    "read_recipe",
    "recipe_from",
    "recipe_of",
]

DISTILLATION = "distillation"
"""The loss that needs a teacher."""
ZOOM = "random_resized_crop"
"""The transform that shows part of an image, which crops need."""
IMAGE_TO_TEXT = "image_to_text"
"""The loss that needs texts, of a file or learned in a first stage."""
PLACEHOLDERS: Mapping[str, object] = MappingProxyType(
    {
        "data.image_size": [128, 128],
        "sampler.identities": 8,
        "sampler.images": 4,
        "transforms.flip.probability": 0.5,
        "training.epochs": 1,
        "validation.identities": 0.0,
        "evaluation.every": 0,
    }
)
"""The settings that a recipe may leave to the data by "auto", which `reseen.tasks.reid.automatic` chooses."""


class Recipe(TrainingRecipe):
    """A whole run.

    ``teacher``: a run's folder or a weights file, whose answers the loss ``distillation`` teaches. ``crops``: for the
    loss ``self_distillation``, whose teacher is the average of the weights, ``training.ema``. ``texts``: how a first
    stage learns the texts that the loss ``image_to_text`` needs, where no file of texts is given to it.
    """

    placeholders = PLACEHOLDERS
    task: Literal["reid"] = "reid"
    data: Data
    model: Model
    sampler: Sampler
    transforms: dict[str, Line] = Field(default_factory=dict)
    losses: dict[str, Line]
    teacher: str | None = None
    crops: Crops | None = None
    texts: Texts | None = None
    validation: Validation = Validation()
    evaluation: Evaluation = Evaluation()

    @field_validator("transforms")
    @classmethod
    def _known_transforms(cls, lines: dict[str, Line], info: ValidationInfo) -> dict[str, Line]:
        return checked_table(TRANSFORM, lines, info)

    @field_validator("losses")
    @classmethod
    def _known_losses(cls, lines: dict[str, Line], info: ValidationInfo) -> dict[str, Line]:
        if not lines:
            raise ValueError("expected at least one loss, got none")
        return checked_weights(LOSS, lines, info)

    @model_validator(mode="after")
    def _teacher_teaches(self) -> Self:
        if (self.teacher is None) == (DISTILLATION in self.losses):
            got = "no teacher" if self.teacher is None else f"teacher '{self.teacher}' without the loss"
            raise ValueError(f"losses.{DISTILLATION} goes with a teacher, a run's folder or a weights file: got {got}")
        return self

    @model_validator(mode="after")
    def _crops_are_taught(self) -> Self:
        if (self.crops is None) == (SELF_DISTILLATION in self.losses):
            got = "no crops" if self.crops is None else "crops without the loss"
            raise ValueError(f"losses.{SELF_DISTILLATION} goes with [crops]: got {got}")
        if self.crops is not None:
            self._require_self_distillation()
        return self

    def _require_self_distillation(self) -> None:
        if self.training.ema is None:
            raise ValueError(f"losses.{SELF_DISTILLATION}: its teacher is the average of the weights: set training.ema")
        if ZOOM not in self.transforms:
            raise ValueError(f"crops: expected {ZOOM} among the transforms, which says how much a crop shows")
        if self.model.branches or self.model.head is not None:
            raise ValueError(f"losses.{SELF_DISTILLATION}: expected a model of one vector, got branches or a head")
        if self.teacher is not None:
            raise ValueError(f"teacher: expected none beside losses.{SELF_DISTILLATION}, got '{self.teacher}'")

    @model_validator(mode="after")
    def _texts_have_a_loss(self) -> Self:
        line = self.losses.get(IMAGE_TO_TEXT)
        if self.texts is not None and line is None:
            raise ValueError(f"texts: expected the loss {IMAGE_TO_TEXT}, which trains against them: add it to [losses]")
        if line is not None and self.texts is None and "texts" not in line:
            raise ValueError(
                f"losses.{IMAGE_TO_TEXT}: expected texts, a file of them, or a section [texts], which learns them"
            )
        return self

    @model_serializer(mode="wrap")
    def _without_unset_sections(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Cards of networks that train without texts or crops stay as they were."""
        lines: dict[str, Any] = handler(self)
        return {name: value for name, value in lines.items() if name not in {"texts", "crops"} or value is not None}

    @property
    def learns_texts(self) -> bool:
        """Whether a first stage learns texts, which it does unless a file of texts is given."""
        return self.texts is not None and "texts" not in self.losses[IMAGE_TO_TEXT]

    def without_texts(self) -> Self:
        """The recipe without a first stage and without the loss against what it learns."""
        if not self.learns_texts:
            return self
        losses = {name: line for name, line in self.losses.items() if name != IMAGE_TO_TEXT}
        if not losses:
            raise ReseenError(f"losses: expected one besides {IMAGE_TO_TEXT}, since no texts are learned")
        return self.model_copy(update={"texts": None, "losses": losses})

    @model_validator(mode="after")
    def _batch_has_pairs(self) -> Self:
        pairwise = self.pairwise_losses()
        for setting, size in (("images", self.sampler.images), ("identities", self.sampler.identities)):
            if pairwise and size < 2:
                raise ValueError(f"losses: {pairwise[0]} needs sampler.{setting} of at least 2, got {size}")
        return self

    def pairwise_losses(self) -> list[str]:
        """Those of the losses that compare images of a batch."""
        return [name for name in self.losses if does_compare_pairs(LOSS.factory(name))]


def read_recipe(recipe: Path | str, *, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe of re-identification and check every setting.

    Args:
        recipe: A TOML file, or the name of a recipe that comes with reseen.
        overrides: Settings to change, such as "training.epochs=20".

    Returns:
        The recipe with all defaults filled in.

    Raises:
        ReseenError: No such recipe, or an unknown, ill-typed or impossible setting; the nearest known one is named.

    Example:
        >>> recipe = read_recipe("demo", overrides=["training.epochs=20"])
        >>> recipe.training.epochs, recipe.data.image_size
        (20, (128, 128))
    """
    return read_as(Recipe, recipe, overrides=overrides)


def recipe_from(raw: Mapping[str, object], *, name: str = "recipe") -> Recipe:
    """A recipe from plain values; ``name`` begins the error line."""
    return recipe_as(Recipe, raw, name=name)


def recipe_of(run: Run) -> Recipe:
    """The recipe of a run that re-identifies, as run, checked again."""
    return read_recipe(run.recipe_file)
