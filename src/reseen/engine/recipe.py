"""The recipe: every setting of a run in one strict TOML file.

Read with `read_recipe`; an unknown, ill-typed or impossible setting is a `ReseenError` that names the file, the place
and the nearest known word. The settings of a table's entry (a loss, a transform, an optimiser, a schedule) are checked
against the signature of the entry itself, and the defaults it has are written into the recipe as run.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, Self

import tomli_w
from pydantic import Field, ValidationError, field_validator, model_validator

from reseen.data.datasets import LAYOUTS
from reseen.data.transforms import PROVIDED, TRANSFORMS
from reseen.engine.lines import Entry, entry_settings, known, named_entry, weighted_entry
from reseen.engine.model_section import Model, Section
from reseen.engine.optimise import OPTIMIZERS, SCHEDULES
from reseen.engine.overrides import apply_overrides
from reseen.engine.recipe_files import locate, read_lines
from reseen.engine.settings import explain
from reseen.errors import ReseenError
from reseen.losses import LOSSES
from reseen.metrics import AVERAGE_PRECISIONS, PROTOCOLS

PAIRWISE = ("contrastive", "multi_similarity", "supcon", "triplet", "triplet_soft")
"""Losses that compare pictures of a batch, which must then hold two of an identity and two identities."""
FIXED_LENGTH = MappingProxyType({"data": ("image_size", "mean", "std"), "model": ("carried_from",)})

Triple = tuple[float, float, float]
MetadataTold = Literal["given", "cameras", "views", "withheld"]
"""What a model that learned cameras and views is told of them in evaluation."""


class Data(Section):
    """How pictures are read. ``image_size`` is (height, width) in pixels; mean and std default to the weights' own."""

    image_size: tuple[Annotated[int, Field(ge=32)], Annotated[int, Field(ge=32)]]
    mean: Triple | None = None
    std: Triple | None = None
    layout: str = "auto"
    unreadable: Literal["stop", "skip"] = "stop"
    workers: Annotated[int, Field(ge=0)] = 2

    @field_validator("layout")
    @classmethod
    def _known_layout(cls, name: str) -> str:
        return known("layout", name, {"auto": None, **LAYOUTS})


class Sampler(Section):
    """A batch is ``identities`` x ``images`` pictures (P x K).

    An epoch passes over all pictures, or draws K of each identity.
    """

    identities: Annotated[int, Field(ge=1)]
    images: Annotated[int, Field(ge=1)]
    epoch_is: Literal["pass", "draw"] = "pass"


class Warmup(Section):
    """The learning rate rises from ``start`` times its value, never from zero, over the first ``epochs``."""

    epochs: Annotated[float, Field(gt=0)]
    start: Annotated[float, Field(gt=0, le=1)] = 0.1


class Training(Section):
    """How long, and with what care. ``freeze_backbone``: for so many epochs only what stands on it is trained."""

    epochs: Annotated[int, Field(ge=1)]
    freeze_backbone: Annotated[int, Field(ge=0)] = 0
    accumulate: Annotated[int, Field(ge=1)] = 1
    clip_norm: Annotated[float, Field(gt=0)] | None = None
    warmup: Warmup | None = None


class Hardware(Section):
    """What Lightning Fabric carries: device, precision, distribution."""

    accelerator: Literal["auto", "cpu", "gpu", "cuda", "mps", "tpu"] = "auto"
    devices: Annotated[int, Field(ge=1)] = 1
    nodes: Annotated[int, Field(ge=1)] = 1
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    channels_last: bool = False


class Evaluation(Section):
    """When and how the model is scored: every so many epochs (0: only at the end).

    ``metadata``: what a model that learned cameras and views is told of them: both, one kind, or neither. ``flip``: the
    embeddings of a picture and of its mirror image are averaged.
    """

    every: Annotated[int, Field(ge=0)] = 0
    metadata: MetadataTold = "given"
    flip: bool = False
    batch_size: Annotated[int, Field(ge=1)] = 64
    protocol: str = "auto"
    average_precision: str = "rectangle"

    @field_validator("protocol")
    @classmethod
    def _known_protocol(cls, name: str) -> str:
        return known("protocol", name, {"auto": None, **PROTOCOLS})

    @field_validator("average_precision")
    @classmethod
    def _known_average_precision(cls, name: str) -> str:
        return known("average precision", name, AVERAGE_PRECISIONS)


class Recipe(Section):
    """A whole run."""

    seed: Annotated[int, Field(ge=0)] = 0
    data: Data
    model: Model
    sampler: Sampler
    transforms: dict[str, Entry] = Field(default_factory=dict)
    losses: dict[str, Entry]
    optimizer: Entry
    schedule: Entry = Field(default_factory=lambda: {"name": "constant"})
    training: Training
    hardware: Hardware = Hardware()
    evaluation: Evaluation = Evaluation()

    @field_validator("transforms")
    @classmethod
    def _known_transforms(cls, lines: dict[str, Entry]) -> dict[str, Entry]:
        return {
            name: entry_settings("transform", name, TRANSFORMS, settings=settings, provided=PROVIDED)
            for name, settings in lines.items()
        }

    @field_validator("losses")
    @classmethod
    def _known_losses(cls, lines: dict[str, Entry]) -> dict[str, Entry]:
        if not lines:
            raise ValueError("expected at least one loss, got none")
        return {
            name: weighted_entry("loss", name, LOSSES, settings=settings, provided=("num_identities", "width"))
            for name, settings in lines.items()
        }

    @field_validator("optimizer")
    @classmethod
    def _known_optimizer(cls, entry: Entry) -> Entry:
        return named_entry("optimizer", OPTIMIZERS, settings=entry, provided=("parameters",))

    @field_validator("schedule")
    @classmethod
    def _known_schedule(cls, entry: Entry) -> Entry:
        return named_entry("schedule", SCHEDULES, settings=entry, provided=("epochs",))

    @model_validator(mode="after")
    def _warmup_fits(self) -> Self:
        warmup = self.training.warmup
        if warmup and warmup.epochs > self.training.epochs:
            raise ValueError(
                f"training.warmup.epochs is {warmup.epochs:g}, longer than the run's {self.training.epochs} epochs"
            )
        return self

    @model_validator(mode="after")
    def _batch_has_pairs(self) -> Self:
        pairwise = [name for name in self.losses if name in PAIRWISE]
        for setting, size in (("images", self.sampler.images), ("identities", self.sampler.identities)):
            if pairwise and size < 2:
                raise ValueError(f"losses: {pairwise[0]} needs sampler.{setting} of at least 2, got {size}")
        return self


def read_recipe(recipe: Path | str, *, overrides: Sequence[str] = ()) -> Recipe:
    """The recipe in a TOML file, or by name one that comes with reseen, with ``a.b=value`` overrides laid over."""
    path = locate(recipe)
    return recipe_from(apply_overrides(read_lines(path), overrides), name=path.name)


def recipe_from(raw: Mapping[str, object], *, name: str = "recipe") -> Recipe:
    """A recipe from plain values; ``name`` begins the error line."""
    try:
        return Recipe.model_validate(_tuples(raw))
    except ValidationError as error:
        raise ReseenError(f"{name}: {explain(error, Recipe)}") from None


def recipe_text(recipe: Recipe) -> str:
    """The recipe as TOML with every default written out: what the run directory keeps."""
    return tomli_w.dumps(recipe.model_dump(mode="json", exclude_none=True))


def _tuples(raw: Mapping[str, object]) -> dict[str, object]:
    """Strict pydantic wants tuples where TOML has arrays: the settings of a fixed length."""
    tree = dict(raw)
    for section, names in FIXED_LENGTH.items():
        lines = raw.get(section)
        if isinstance(lines, dict):
            tree[section] = {
                key: tuple(value) if key in names and isinstance(value, list) else value for key, value in lines.items()
            }
    return tree
