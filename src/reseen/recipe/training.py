"""What every recipe has, whatever it trains: seed, optimiser, schedule, length, hardware; and how it is read."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

import tomli_w
from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)

from reseen.errors import ReseenError
from reseen.formats import migrated, with_format
from reseen.normalisation import Normalisation
from reseen.recipe.automatic import AUTO, automatic_settings, with_settings
from reseen.recipe.components import Component, Line
from reseen.recipe.files import locate, read_lines
from reseen.recipe.kinds import OPTIMIZER, SCHEDULE
from reseen.recipe.overrides import apply_overrides
from reseen.recipe.section import Section, Size, Triple, may_import, section_from

REIDENTIFY = "reid"
"""The task of a recipe that names none."""


class ImageSettings(Section):
    """How images are read. ``image_size`` is (height, width) in pixels; mean and std default to the weights' own.

    ``decode``: "scaled" decodes JPEG files at 1/2, 1/4 or 1/8 of their size where that is enough for ``image_size``.
    "cached" gives the same pixels and keeps those of images that were made smaller on disk, for the next epoch.
    """

    image_size: Size
    mean: Triple | None = None
    std: Triple | None = None
    workers: Annotated[int, Field(ge=0)] = 2
    decode: Literal["full", "scaled", "cached"] = "full"

    @property
    def normalisation(self) -> Normalisation:
        """Mean and std of a resolved recipe, in which both are known."""
        assert self.mean is not None, "a resolved recipe has a mean"
        assert self.std is not None, "a resolved recipe has a std"
        return Normalisation(self.mean, self.std)

    @model_serializer(mode="wrap")
    def _without_default_decode(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Cards and recipes of networks that decode in full stay as they were, and so do their fingerprints."""
        lines: dict[str, Any] = dump(self)
        if lines.get("decode") == "full":
            del lines["decode"]
        return lines


class Warmup(Section):
    """The learning rate rises from ``start`` times its value, never from zero, over so many ``epochs``.

    ``begin``: so many epochs come first, at the full rate. ``stepped_by``: whether it rises from one iteration to the
    next, or stays the same through an epoch.
    """

    epochs: Annotated[float, Field(gt=0)]
    start: Annotated[float, Field(gt=0, le=1)] = 0.1
    begin: Annotated[int, Field(ge=0)] = 0
    stepped_by: Literal["iteration", "epoch"] = "iteration"


class Training(Section):
    """How long, and with what care. ``freeze_backbone``: for so many epochs only what stands on it is trained.

    ``minutes``: automatic settings are chosen such that the whole run takes so long, on the machine that it runs on.
    ``accumulate``: a step of the optimiser follows the mean gradient of so many batches, or of those left in its epoch.
    ``ema``: what is scored and kept are the weights' exponential moving average with this decay, to which it rises.
    ``ema_rises`` False: the decay is the same from the second step on.
    ``pretrained_rate``: a factor on the learning rate of the backbone, which has start weights, without its attention.
    ``layer_decay``: a factor on it from each group of the backbone's layers, as timm groups them, to the one below.
    ``bias_rate``: a factor on the learning rate of every bias.
    ``freeze_iterations``: as ``freeze_backbone``, in steps of the optimiser.
    ``decay_norms`` False: no weight decay on biases and on the weights of norms, which have one dimension.
    ``freeze_norms``: the backbone's batch norms keep the statistics of its start weights; their weights train.
    ``patience``: stop after so many scorings in a row without a better score.
    """

    epochs: Annotated[int, Field(ge=1)]
    minutes: Annotated[float, Field(gt=0)] | None = None
    freeze_backbone: Annotated[int, Field(ge=0)] = 0
    freeze_iterations: Annotated[int, Field(ge=0)] = 0
    accumulate: Annotated[int, Field(ge=1)] = 1
    clip_norm: Annotated[float, Field(gt=0)] | None = None
    ema: Annotated[float, Field(gt=0, lt=1)] | None = None
    ema_rises: bool = True
    warmup: Warmup | None = None
    pretrained_rate: Annotated[float, Field(gt=0, le=1)] = 1.0
    layer_decay: Annotated[float, Field(gt=0, le=1)] = 1.0
    bias_rate: Annotated[float, Field(gt=0)] = 1.0
    decay_norms: bool = True
    freeze_norms: bool = False
    patience: Annotated[int, Field(ge=1)] | None = None


class Hardware(Section):
    """What Lightning Fabric carries: device, precision, distribution; and how the network is laid out and run.

    ``compile``: the training steps run through `torch.compile`, which takes a minute at first; scoring does not.
    """

    accelerator: Literal["auto", "cpu", "gpu", "cuda", "mps", "tpu"] = "auto"
    devices: Annotated[int, Field(ge=1)] = 1
    nodes: Annotated[int, Field(ge=1)] = 1
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    channels_last: bool = False
    compile: bool = False


class Scoring(Section):
    """When and how the model is scored: every so many epochs (0: only at the end)."""

    every: Annotated[int, Field(ge=0)] = 0
    batch_size: Annotated[int, Field(ge=1)] = 64


class TrainingRecipe(Section):
    """The part of a run's recipe that the training loop reads; a task's own recipe adds the rest.

    ``placeholders``: the settings that a file may leave to the data by "auto", and their values until the data are
    known.
    """

    placeholders: ClassVar[Mapping[str, object]] = MappingProxyType({})
    _automatic: tuple[str, ...] = PrivateAttr(())

    task: str
    seed: Annotated[int, Field(ge=0)] = 0
    optimizer: Line
    schedule: Line = Field(default_factory=lambda: {"name": "constant"})
    training: Training
    hardware: Hardware = Hardware()
    evaluation: Scoring = Scoring()

    @field_validator("optimizer")
    @classmethod
    def _known_optimizer(cls, line: Line, info: ValidationInfo) -> Line:
        return OPTIMIZER.checked_line(line, may_import=may_import(info))

    @field_validator("schedule")
    @classmethod
    def _known_schedule(cls, line: Line, info: ValidationInfo) -> Line:
        return SCHEDULE.checked_line(line, may_import=may_import(info))

    @property
    def automatic(self) -> tuple[str, ...]:
        """The settings that are still to be chosen from the data, such as "training.epochs"."""
        return self._automatic

    def filled(self, values: Mapping[str, object]) -> Self:
        """The recipe with a value at each place ("section.setting"), checked again; these are automatic no more."""
        if not values:
            return self
        raw = with_settings(self.model_dump(mode="json", exclude_none=True), values)
        recipe = recipe_as(type(self), raw)
        recipe._automatic = tuple(place for place in self._automatic if place not in values)  # noqa: SLF001 - its own
        return recipe

    def as_written(self) -> dict[str, Any]:
        """The lines of a file: every default written out, and "auto" at the settings that are left to the data."""
        lines = self.model_dump(mode="json", exclude_none=True)
        return with_settings(lines, dict.fromkeys(self._automatic, AUTO))

    def on_card(self) -> dict[str, Any]:
        """The lines of a weights card, which says how images are decoded, and not whether they were kept on disk."""
        lines = self.model_dump(mode="json")
        data = lines.get("data", {})
        return {**lines, "data": {**data, "decode": "scaled"}} if data.get("decode") == "cached" else lines

    @model_validator(mode="wrap")
    @classmethod
    def _automatic_wait(cls, raw: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(raw, Mapping):
            return handler(raw)
        automatic = automatic_settings(raw, cls.placeholders)
        recipe = handler(with_settings(raw, {place: cls.placeholders[place] for place in automatic}))
        recipe._automatic = automatic  # noqa: SLF001 - its own
        return recipe

    @model_validator(mode="after")
    def _patience_has_scorings(self) -> Self:
        if self.training.patience is not None and not self.evaluation.every:
            raise ValueError(
                "training.patience counts scorings, and evaluation.every = 0 scores the last epoch alone: set "
                "evaluation.every to 1 or more, or leave training.patience out"
            )
        return self

    @model_validator(mode="after")
    def _schedule_fits(self) -> Self:
        try:
            SCHEDULE.build(Component.of(self.schedule), epochs=self.training.epochs)
        except ValueError as error:
            raise ValueError(f"schedule: {error}") from None
        return self

    @model_validator(mode="after")
    def _warmup_fits(self) -> Self:
        warmup = self.training.warmup
        if warmup and warmup.begin + warmup.epochs > self.training.epochs:
            length = f"{warmup.epochs:g}" + (f" after training.warmup.begin = {warmup.begin}" if warmup.begin else "")
            raise ValueError(f"training.warmup.epochs is {length}, longer than the run's {self.training.epochs} epochs")
        return self


RecipeT = TypeVar("RecipeT", bound=TrainingRecipe)


def read_as(schema: type[RecipeT], recipe: Path | str, *, overrides: Sequence[str] = ()) -> RecipeT:
    """The recipe in a TOML file, or by name one that comes with reseen, with ``a.b=value`` overrides laid over."""
    path = locate(recipe)
    lines = migrated("recipe", apply_overrides(read_lines(path), overrides), name=path.name)  # old names in overrides
    return recipe_as(schema, lines, name=path.name, trusted=True)


def recipe_as(
    schema: type[RecipeT], raw: Mapping[str, object], *, name: str = "recipe", trusted: bool = False
) -> RecipeT:
    """A task's recipe from plain values; ``name`` begins the error line, ``trusted`` as in `section_from`."""
    expected, got = schema.model_fields["task"].default, raw.get("task", REIDENTIFY)
    if got != expected:
        other = "" if got == REIDENTIFY else f"{got} "
        raise ReseenError(f"{name}: task: expected '{expected}', got '{got}', which `reseen {other}train` is for")
    return section_from(schema, raw, name=name, trusted=trusted)


def task_of(recipe: Path | str) -> str:
    """The task that a recipe file, or one that comes with reseen, is for; nothing else of it is checked."""
    return str(read_lines(locate(recipe)).get("task", REIDENTIFY))


def recipe_text(recipe: TrainingRecipe) -> str:
    """The recipe as TOML with its format and every default written out: what the run directory keeps."""
    return tomli_w.dumps(with_format("recipe", recipe.as_written()))
