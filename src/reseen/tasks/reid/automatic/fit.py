"""A recipe fitted to its data: automatic settings are chosen, image size and epochs so that given minutes suffice."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from reseen.errors import ReseenError
from reseen.tasks.reid.automatic.choices import CHOICES, Choice, Scale, size_of
from reseen.tasks.reid.automatic.facts import SetFacts
from reseen.tasks.reid.automatic.plan import plan
from reseen.tasks.reid.automatic.speed import Speed
from reseen.tasks.reid.recipe import Recipe

SIDES = (224, 192, 160, 128, 96, 64)
"""Sides of square images, among which given minutes choose."""
_ENOUGH = 0.4
"""Larger images are worth it while so much of the usual number of epochs still fits: on cartons and toys, 7 epochs at
128 x 128 gave 71 and 87 mAP, 16 at 96 x 96 and 12 at 64 x 64 gave 61 and 84."""
_MOST = 4
"""Times the usual number of epochs: more of them bring nothing."""

Measure: TypeAlias = Callable[[Recipe], Speed]


class Fitted(NamedTuple):
    """The recipe without automatic settings, and the choices by setting."""

    recipe: Recipe
    choices: dict[str, Choice]


def fit(recipe: Recipe, facts: SetFacts, scale: Scale, *, measure: Measure) -> Fitted:
    """Choose the automatic settings; ``measure`` is called only where ``training.minutes`` are given.

    Raises ReseenError where the minutes are too few for one epoch, or nothing is left to fit them with.
    """
    choices: dict[str, Choice] = {}
    fitted = recipe
    for place, choose in CHOICES.items():
        if place in recipe.automatic:
            choices[place] = choose(facts, fitted, scale)
            fitted = fitted.filled({place: choices[place].value})
    if recipe.training.minutes is None or not recipe.automatic:
        return Fitted(fitted, choices)
    within = _within_minutes(fitted, facts, measure, automatic=recipe.automatic)
    return Fitted(fitted.filled({place: choice.value for place, choice in within.items()}), choices | within)


def _within_minutes(
    recipe: Recipe, facts: SetFacts, measure: Measure, *, automatic: tuple[str, ...]
) -> dict[str, Choice]:
    """Image size and epochs such that the run takes the recipe's minutes, where they are automatic."""
    minutes = recipe.training.minutes
    assert minutes is not None, "asked for only where they are given"
    if "training.epochs" not in automatic:
        raise ReseenError("training.minutes: training.epochs is set too; leave out one of them")
    usual, speed = recipe.training.epochs, measure(recipe)
    choices: dict[str, Choice] = {}
    if "data.image_size" in automatic:
        size = _largest_size(recipe, facts, speed, minutes=minutes)
        choices["data.image_size"] = Choice(list(size), f"the largest for which {minutes:g} minutes hold epochs enough")
        if size != recipe.data.image_size:
            recipe = recipe.filled({"data.image_size": list(size)})
            speed = measure(recipe)
    costs = plan(recipe, facts, speed)
    epochs = min(costs.epochs_within(minutes), _MOST * usual)
    if epochs < 1:
        raise ReseenError(
            f"training.minutes: {minutes:g} are too few: one epoch at {recipe.data.image_size[0]} x "
            f"{recipe.data.image_size[1]} and the scoring take about {costs.minutes(1):.1f} minutes here; give more"
        )
    reason = (
        f"about {costs.minutes(epochs):.0f} of {minutes:g} minutes, from {1 / speed.train:.0f} images/s measured here"
    )
    choices["training.epochs"] = Choice(epochs, reason)
    return choices


def _largest_size(recipe: Recipe, facts: SetFacts, speed: Speed, *, minutes: float) -> tuple[int, int]:
    """The largest size for which enough of the usual epochs fit, else the smallest; time goes with the area."""
    height, width = recipe.data.image_size
    for side in SIDES:
        size = size_of(facts, side)
        ratio = size[0] * size[1] / (height * width)
        costs = plan(recipe, facts, Speed(speed.train * ratio, speed.embed * ratio))
        if costs.epochs_within(minutes) >= max(1, _ENOUGH * recipe.training.epochs):
            return size
    return size_of(facts, SIDES[-1])
