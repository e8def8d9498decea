"""The rule by which both tasks choose a network: sure gains alone count, and of scores alike the simplest wins."""

from typing import NamedTuple

import pytest

from reseen.engine.choice_rule import best_gain_in_words, best_of_sure
from reseen.metrics import Estimate


class Named(NamedTuple):
    name: str
    simplicity: int

    def __str__(self) -> str:
        return self.name


class Outcome(NamedTuple):
    candidate: Named
    score: float
    gain: Estimate | None


def outcome(name: str, simplicity: int, score: float, low: float | None) -> Outcome:
    return Outcome(Named(name, simplicity), score, None if low is None else Estimate(score - 0.5, low, 1.0))


UNTRAINED = outcome("untrained", 0, 0.5, None)


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([], None),
        ([outcome("unsure", 1, 0.9, 0.0)], None),
        ([outcome("unsure", 1, 0.9, -0.1), outcome("sure", 2, 0.6, 0.01)], "sure"),
        ([outcome("best", 2, 0.7, 0.1), outcome("alike", 1, 0.6991, 0.1)], "alike"),
        ([outcome("best", 2, 0.7, 0.1), outcome("simpler", 1, 0.6989, 0.1)], "best"),
    ],
)
def test_the_simplest_of_the_best_sure_gains_is_chosen(others: list[Outcome], expected: str | None) -> None:
    chosen = best_of_sure([UNTRAINED, *others], score=lambda entry: entry.score)
    assert (chosen and str(chosen.candidate)) == expected


def test_the_best_gain_is_told_whether_it_is_sure_or_not() -> None:
    assert best_gain_in_words([UNTRAINED], score=lambda entry: entry.score) == ""
    others = [outcome("poor", 1, 0.4, -0.2), outcome("better", 2, 0.625, -0.05)]
    told = best_gain_in_words([UNTRAINED, *others], score=lambda entry: entry.score)
    assert told == "; the best, better, gains +12.5 points (95 % interval -5.0 to +100.0)"
