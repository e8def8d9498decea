"""The minutes of a whole run: training, the scoring of its epochs, the choice of a network, and the test."""

from math import ceil
from typing import NamedTuple

from reseen.engine.averages import SHARES
from reseen.tasks.reid.automatic.facts import SetFacts
from reseen.tasks.reid.automatic.speed import Speed
from reseen.tasks.reid.choose.candidates import SAMPLED
from reseen.tasks.reid.recipe import Recipe

_START_AND_PAGE = 40.0
"""Seconds for imports, reading the data and drawing the page."""
_TEST_PASSES = 3
"""The network, the untrained one, and the colour histogram, which is decoding alone: less than a whole pass."""


class Plan(NamedTuple):
    """Seconds of the parts of a run."""

    epoch: float
    rest: float

    def minutes(self, epochs: int) -> float:
        """Of the whole run."""
        return (self.epoch * epochs + self.rest) / 60

    def epochs_within(self, minutes: float) -> int:
        """Whole epochs that fit; 0 for none."""
        return max(0, int((60 * minutes - self.rest) // self.epoch))


def plan(recipe: Recipe, facts: SetFacts, speed: Speed) -> Plan:
    """From the measured speed and the counts; an epoch is with its share of scoring."""
    held = ceil(facts.images * recipe.validation.identities)
    trained = facts.images - held
    every = recipe.evaluation.every
    scoring = held * speed.embed / every if every else 0.0
    choosing = len(SHARES) * (held + min(trained, SAMPLED)) * speed.embed if recipe.validation.choose else 0.0
    again = 2.0 if recipe.validation.train_on_all else 1.0
    return Plan(
        epoch=again * trained * speed.train + scoring,
        rest=choosing + _TEST_PASSES * facts.test_images * speed.embed + _START_AND_PAGE,
    )
