"""A task: what is trained, as the few functions by which it differs; the training itself knows no task.

The engine owns the loop, resuming, checkpoints, averaged weights, progress, the metrics file and the run directory.
A task says how its recipe looks, takes its data in, builds its parts and scores them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from torch import Tensor, nn
from torch.utils.data import DataLoader

from reseen.engine.checkpoint import Card
from reseen.recipe.training import RecipeT

DataT = TypeVar("DataT")


class Batch(Protocol):
    """What a training loader gives: a named tuple of stacked tensors, the pictures among them."""

    @property
    def image(self) -> Tensor:
        """(B, 3, H, W)."""
        ...


class Batches(Protocol):
    """A batch sampler whose order is a function of seed and epoch, so that a resumed epoch goes on where it was."""

    def set_epoch(self, epoch: int, *, start: int = 0) -> None:
        """Which epoch comes next, and how many batches of it were already done."""
        ...

    @property
    def pictures(self) -> int:
        """How many a batch has, of all processes together: what a recipe says, whatever the number of processes."""
        ...

    def __len__(self) -> int:
        """How many batches a whole epoch has, each shared out to all processes."""
        ...


class Pieces(NamedTuple):
    """What a task builds. ``learner`` holds ``model``: a batch -> LossTerms, the loss and its terms.

    ``frozen``: the parameters that ``training.freeze_backbone`` leaves as they are for so many epochs.
    """

    model: nn.Module
    learner: nn.Module
    batches: Batches
    loader: DataLoader[Any]
    frozen: tuple[nn.Parameter, ...] = ()


class Taken(NamedTuple, Generic[DataT]):
    """Data fit to train on, and what a run writes down about them: at least ``path`` and ``fingerprint``."""

    data: DataT
    facts: dict[str, object]


@dataclass(frozen=True)
class Task(Generic[RecipeT, DataT]):
    """One kind of training.

    ``schema``: its recipe. ``resolved(recipe)``: with everything filled in that the recipe leaves to its start weights.
    ``all_trained(recipe)``: whether each parameter gets a gradient in each step.
    ``take_in(path, recipe, *, fabric, progress)`` reads and checks the data.
    ``build(recipe, data, *, rank, world_size)`` makes the pieces.
    ``score(model, data, recipe, *, fabric, progress)`` -> scores by name, as fractions.
    ``card(recipe, data, *, score)``: what the weights file says of its model.
    ``told``: the scores said after an epoch, where there are such, and the words for them; the weights that are best in
    the first one are kept.
    """

    schema: type[RecipeT]
    resolved: Callable[[RecipeT], RecipeT]
    all_trained: Callable[[RecipeT], bool]
    take_in: Callable[..., Taken[DataT]]
    build: Callable[..., Pieces]
    score: Callable[..., dict[str, float]]
    card: Callable[..., Card]
    told: Mapping[str, str]

    @property
    def name(self) -> str:
        """As recipes say it."""
        return str(self.schema.model_fields["task"].default)

    @property
    def headline(self) -> str:
        """The score that decides which weights are best."""
        return next(iter(self.told))
