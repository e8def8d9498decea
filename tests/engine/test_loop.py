"""The loop beside a device: it never waits for the step that it has just begun."""

from types import SimpleNamespace

import pytest

from reseen.engine import loop
from reseen.engine.checkpoint import Place
from reseen.engine.loop import EpochStats, train_epoch
from reseen.errors import ReseenError
from reseen.losses import LossTerms
from reseen.progress import Silent


class Batches(list):
    def set_epoch(self, epoch, *, start=0):
        pass


class Loss:
    """A number that notes when it is read from its device."""

    def __init__(self, value: float, step: int, told: list[str]) -> None:
        self.value, self.step, self.told = value, step, told

    def detach(self):
        return self

    def __float__(self) -> float:
        if self.told[-1:] != [f"read {self.step}"]:
            self.told.append(f"read {self.step}")
        return self.value


def epoch_of(values, monkeypatch, *, stop_requested=lambda: False):
    told: list[str] = []

    def step(parts, batch, place, *, epoch_fraction, step_optimizer):
        told.append(f"begun {place.step}")
        return LossTerms(Loss(values[place.step], place.step, told), {})

    monkeypatch.setattr(loop, "train_step", step)
    batches = Batches([SimpleNamespace(image=[None, None])] * len(values))
    parts = SimpleNamespace(batches=batches, loader=batches, accumulate=1, fabric=SimpleNamespace(world_size=1))
    stats = EpochStats()
    place = train_epoch(parts, Place(), stats, stop_requested=stop_requested, bar=Silent())
    return told, stats, place


def test_a_step_is_read_once_the_next_one_is_begun(monkeypatch):
    told, stats, place = epoch_of([1.0, 2.0, 4.0], monkeypatch)
    assert told == ["begun 0", "begun 1", "read 0", "begun 2", "read 1", "read 2"]
    assert (stats.steps, stats.images, stats.sums) == (3, 6, {"total": 7.0})
    assert place == Place(1, 0)


def test_a_stop_counts_the_step_that_was_under_way(monkeypatch):
    told, stats, place = epoch_of([1.0, 2.0, 4.0], monkeypatch, stop_requested=lambda: True)
    assert told == ["begun 0", "read 0"]
    assert (stats.steps, place) == (1, Place(0, 1))


def test_a_loss_that_is_not_finite_is_told_of_its_own_step(monkeypatch):
    with pytest.raises(ReseenError, match="not finite at epoch 1, step 2 "):
        epoch_of([1.0, float("nan"), 4.0], monkeypatch)
    with pytest.raises(ReseenError, match="not finite at epoch 1, step 3 "):
        epoch_of([1.0, 2.0, float("inf")], monkeypatch)
