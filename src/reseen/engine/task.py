"""A task: what the engine trains. The engine itself knows no task.

The engine owns the loop, resuming, checkpoints, averaged weights, progress, the metrics file and the run directory.
A task says what its recipe is, loads its data, builds its components and scores its model.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.utils.data import DataLoader

from reseen.backbones import Backbone
from reseen.engine.checkpoint import Card
from reseen.progress import Progress
from reseen.recipe.training import RecipeT

DataT = TypeVar("DataT")


class Batch(Protocol):
    """A batch of a training loader: a named tuple of stacked tensors."""

    @property
    def image(self) -> Tensor:
        """(B, 3, H, W)."""
        ...


class Batches(Protocol):
    """A batch sampler whose order depends on seed and epoch alone, so that a stopped epoch can be continued."""

    def set_epoch(self, epoch: int, *, start: int = 0) -> None:
        """Set the next epoch, and how many of its batches are already done."""
        ...

    @property
    def images(self) -> int:
        """Images in a batch of all processes together, as the recipe says."""
        ...

    def __len__(self) -> int:
        """Batches in a whole epoch, each shared by all processes."""
        ...


class TaskComponents(NamedTuple):
    """The objects that a task builds. ``learner`` holds ``model``: a batch -> LossTerms, the loss and its terms.

    ``backbone``: the part of the model that has start weights, which ``training`` may freeze or train slower.
    ``averaged``: what ``training.ema`` averages where that is more than the model; it has the model as its ``model``.
    ``beside``: parts of the learner whose tensors the weights file holds beside the model's, by the name that theirs
    begin with there.
    ``follow`` is called with the average, once there is one: a learner may take it as its teacher.
    """

    model: nn.Module
    learner: nn.Module
    batches: Batches
    loader: DataLoader[Any]
    backbone: Backbone
    averaged: nn.Module | None = None
    follow: Callable[[nn.Module], None] | None = None
    beside: Mapping[str, nn.Module] = MappingProxyType({})


class TrainingData(NamedTuple, Generic[DataT]):
    """Data fit to train on, and the facts of the run's data.json: at least ``path`` and ``fingerprint``."""

    data: DataT
    facts: dict[str, object]


class Prepared(NamedTuple, Generic[RecipeT, DataT]):
    """A recipe of which nothing is left to the data, and the data that a run trains and chooses its best epoch on."""

    recipe: RecipeT
    training: TrainingData[DataT]


def as_loaded(
    recipe: RecipeT, loaded: TrainingData[DataT], *, fabric: Fabric, progress: Progress
) -> Prepared[RecipeT, DataT]:
    """The `prepare` of a task without automatic settings, whose data say themselves what is for validation."""
    del fabric, progress
    return Prepared(recipe, loaded)


def begin_at_once(
    recipe: object, data: object, learner: nn.Module, /, *, folder: Path, fabric: Fabric, progress: Progress
) -> None:
    """The `begin` of a task whose training has one stage."""
    del recipe, data, learner, folder, fabric, progress


class Task(Protocol[RecipeT, DataT]):
    """One kind of training. Each task implements it as a plain class, which may take functions as its methods."""

    @property
    def recipe_type(self) -> type[RecipeT]:
        """The class of the task's recipes."""
        ...

    @property
    def metrics(self) -> Mapping[str, str]:
        """The scores reported after an epoch: key -> name for readers."""
        ...

    @property
    def monitor(self) -> str:
        """The key of the score whose best weights are saved."""
        ...

    def resolve(self, recipe: RecipeT, /) -> RecipeT:
        """Fill in the settings that the recipe leaves to its start weights. ReseenError where these are not at hand."""
        ...

    def every_parameter_used(self, recipe: RecipeT, /) -> bool:
        """Whether each parameter gets a gradient in each step."""
        ...

    def load_data(self, path: Path, recipe: RecipeT, /, *, fabric: Fabric, progress: Progress) -> TrainingData[DataT]:
        """Read and check the data. ReseenError for data that are unfit."""
        ...

    def prepare(
        self, recipe: RecipeT, loaded: TrainingData[DataT], /, *, fabric: Fabric, progress: Progress
    ) -> Prepared[RecipeT, DataT]:
        """Choose the recipe's automatic settings, and set validation data apart where the recipe wants them."""
        ...

    def build(self, recipe: RecipeT, data: DataT, /, *, rank: int, world_size: int) -> TaskComponents:
        """Build model, losses and batches for the process ``rank`` of ``world_size``."""
        ...

    def begin(
        self, recipe: RecipeT, data: DataT, learner: nn.Module, /, *, folder: Path, fabric: Fabric, progress: Progress
    ) -> None:
        """What comes before the first step of a run, new or resumed: a stage that the recipe asks for.

        ``learner``: that of `build`, which may be given what the stage learned. ``folder``: the run directory, where
        the stage keeps its result, and what it needs to go on after a stop, of which it raises Stopped.
        """
        ...

    def scored_images(self, recipe: RecipeT, data: DataT, /) -> int:
        """How many images the model sees in one scoring, from which its time is predicted."""
        ...

    def score(
        self, model: nn.Module, data: DataT, recipe: RecipeT, /, *, fabric: Fabric, progress: Progress
    ) -> dict[str, float]:
        """Score the model on the validation data: key -> fraction, with every key of `monitor`."""
        ...

    def card(self, recipe: RecipeT, data: DataT, /, *, score: float) -> Card:
        """The card of the weights file: how to build the model, and what to feed it."""
        ...
