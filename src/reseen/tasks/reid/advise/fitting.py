"""A recipe fitted to the data and to the minutes, with a larger backbone where these leave room."""

from collections.abc import Mapping
from typing import NamedTuple

from reseen.data.table import first
from reseen.errors import ReseenError
from reseen.tasks.reid.advise.backbones import BACKBONES
from reseen.tasks.reid.advise.larger import larger_backbones
from reseen.tasks.reid.automatic.choices import CHOICES, Choice, Scale, size_of
from reseen.tasks.reid.automatic.facts import SetFacts
from reseen.tasks.reid.automatic.fit import SIDES, Measure, fit
from reseen.tasks.reid.automatic.plan import plan
from reseen.tasks.reid.recipe import Recipe, read_recipe


class Wish(NamedTuple):
    """What the user asked for: the recipe's name or file, and the settings laid over it."""

    recipe: str
    overrides: tuple[str, ...]

    def read(self) -> Recipe:
        """The recipe. ReseenError for minutes that it cannot be fitted to."""
        recipe = read_recipe(self.recipe, overrides=self.overrides)
        if recipe.training.minutes is not None and "training.epochs" not in recipe.automatic:
            raise ReseenError(
                f"--minutes: expected a recipe that leaves its epochs to the data, such as finetune, got {self.recipe}"
            )
        return recipe

    def with_backbone(self, name: str) -> "Wish":
        """The same with another backbone and its weights."""
        settings = (f"model.backbone={name}", f"model.weights={BACKBONES[name].weights}")
        return self._replace(overrides=(*self.overrides, *settings))


class FittedRecipe(NamedTuple):
    """A recipe without automatic settings, the choices by setting, the minutes of its run, and what was asked for."""

    recipe: Recipe
    choices: Mapping[str, Choice]
    minutes: float
    wish: Wish


def fitted_recipe(wish: Wish, facts: SetFacts, scale: Scale, *, measure: Measure) -> FittedRecipe:
    """The recipe fitted to the data, with the largest backbone that is installed and fits into the minutes.

    Raises ReseenError where the minutes are too few for one epoch.
    """
    own = _fitted(wish, facts, scale, measure=measure)
    minutes = own.recipe.training.minutes
    if minutes is None:
        return _with_reason(own, "the recipe's own; with minutes given, a larger one is considered")
    usual = CHOICES["training.epochs"](facts, own.recipe, scale).value
    assert isinstance(usual, int), "epochs are whole"
    if own.recipe.data.image_size != size_of(facts, SIDES[0]):
        return _with_reason(own, "the recipe's own; larger images come before a larger one")
    fitting = larger_backbones(own.recipe, facts, measure(own.recipe), epochs=usual, minutes=minutes)
    for name in fitting.installed:
        larger = _fitted(wish.with_backbone(name), facts, scale, measure=measure)
        if larger.recipe.data.image_size == own.recipe.data.image_size and larger.recipe.training.epochs >= usual:
            return _with_reason(larger, f"the largest installed one with which {usual} epochs fit into the minutes")
    absent = f"; {first(fitting.absent)} would fit too, without weights here" if fitting.absent else ""
    return _with_reason(own, f"the recipe's own{absent}")


def _fitted(wish: Wish, facts: SetFacts, scale: Scale, *, measure: Measure) -> FittedRecipe:
    recipe, choices = fit(wish.read(), facts, scale, measure=measure)
    minutes = plan(recipe, facts, measure(recipe)).minutes(recipe.training.epochs)
    return FittedRecipe(recipe, choices, minutes, wish)


def _with_reason(fitted: FittedRecipe, reason: str) -> FittedRecipe:
    choice = Choice(fitted.recipe.model.backbone, reason)
    return fitted._replace(choices={"model.backbone": choice, **fitted.choices})
