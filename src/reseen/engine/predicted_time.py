"""How long a training has still to go, said once a few of its steps have been timed."""

from collections.abc import Callable
from time import perf_counter
from typing import NamedTuple

from reseen.engine.checkpoint import Place

WARM_UP, MEASURED = 2, 10
"""Steps of a process that are not timed, since caches and kernels are not ready; and steps that are."""
_FORWARD_SHARE = 1 / 3
"""Of a step's time: the backward pass computes about twice what the forward pass does, which a scoring needs alone."""
_WORTH_HALVING = 60.0
"""Seconds from which a setting is named that would halve them."""
_FAR_OFF = 1.5
"""Factor of time by which a prediction must be wrong to be said again."""


class Plan(NamedTuple):
    """What a training does.

    ``epochs`` of so many ``steps`` (batches) with ``batch_images`` each; a scoring of ``scored_images`` every so many
    epochs (0: only the last). ``shortest``: the fewest epochs that its warm-up allows. ``may_stop_early``: it has
    patience.
    """

    epochs: int
    steps: int
    batch_images: int
    every: int
    scored_images: int
    shortest: int = 1
    may_stop_early: bool = False


class TimeToGo(NamedTuple):
    """Seconds of training and of scoring."""

    training: float
    scoring: float

    @property
    def total(self) -> float:
        """Both."""
        return self.training + self.scoring


def predicted_scoring(plan: Plan, *, step_seconds: float) -> float:
    """The seconds of a scoring, from the forward share of a step's."""
    return plan.scored_images / plan.batch_images * step_seconds * _FORWARD_SHARE


def time_to_go(plan: Plan, place: Place, *, step_seconds: float, scoring_seconds: float) -> TimeToGo:
    """The time from ``place`` to the end: of the steps, and of the scorings that are still to come."""
    steps = (plan.epochs - place.epoch) * plan.steps - place.step
    return TimeToGo(steps * step_seconds, _scorings(plan, done=place.epoch) * scoring_seconds)


def setting_to_halve(plan: Plan, time: TimeToGo) -> str | None:
    """The setting, as ``--set`` takes it, that halves the time of the whole run; None where there is none to name.

    Where scorings take most of the time it is how often there is one, else the number of epochs.
    """
    if time.total < _WORTH_HALVING:
        return None
    rarer = _every_to_halve(plan, time) if time.scoring > time.training else None
    if rarer is not None:
        return f"evaluation.every={rarer}"
    epochs = plan.epochs // 2
    return f"training.epochs={epochs}" if epochs >= plan.shortest else None


def predicted_line(time: TimeToGo, *, halve: str | None = None, at_most: bool = False) -> str:
    """The time in words, and which setting would halve it."""
    about = "at most about" if at_most else "about"
    line = f"{about} {_words(time.training)} of training and {_words(time.scoring)} of scoring to go"
    return line if halve is None else f"{line}; `--set {halve}` would halve it"


class Forecast:
    """Times the first steps of a process and puts into words what is left after them, once.

    Args:
        plan: What the training does.
        start: Where this process begins. A resumed run cannot change its settings, so it names none that would halve.
        clock: Seconds.
    """

    def __init__(self, plan: Plan, *, start: Place, clock: Callable[[], float] = perf_counter) -> None:
        self._plan, self._clock = plan, clock
        self._resumed = start != Place()
        left = (plan.epochs - start.epoch) * plan.steps - start.step
        self._timed = min(MEASURED, (left - WARM_UP) // 2)  # a short run is told half-way at the latest
        self._steps, self._seconds = 0, 0.0
        self._before = clock()
        self._scoring_assumed: float | None = None

    def begin_epoch(self) -> None:
        """Leave out what was done since the last step: a scoring, and writing files."""
        self._before = self._clock()

    def step_done(self, place: Place, *, scoring_seconds: float | None) -> str | None:
        """Count a step, after which the run is at ``place``. Returns the line once enough steps are timed."""
        now = self._clock()
        self._steps += 1
        if self._steps > WARM_UP and self._steps <= WARM_UP + self._timed:
            self._seconds += now - self._before
        self._before = now
        if self._timed < 1 or self._steps != WARM_UP + self._timed:
            return None
        if scoring_seconds is None:
            self._scoring_assumed = scoring_seconds = predicted_scoring(self._plan, step_seconds=self._step_seconds)
        time = self._time(place, scoring_seconds)
        return self._line(time, halve=None if self._resumed else setting_to_halve(self._plan, time))

    def scoring_done(self, place: Place, *, scoring_seconds: float) -> str | None:
        """The line again, if the first scoring shows that what was said is far off."""
        assumed, self._scoring_assumed = self._scoring_assumed, None
        if assumed is None:
            return None
        before, now = self._time(place, assumed), self._time(place, scoring_seconds)
        less, more = sorted((before.total, now.total))
        return self._line(now) if more >= _WORTH_HALVING and more > _FAR_OFF * less else None

    @property
    def _step_seconds(self) -> float:
        return self._seconds / self._timed

    def _time(self, place: Place, scoring_seconds: float) -> TimeToGo:
        return time_to_go(self._plan, place, step_seconds=self._step_seconds, scoring_seconds=scoring_seconds)

    def _line(self, time: TimeToGo, *, halve: str | None = None) -> str:
        return predicted_line(time, halve=halve, at_most=self._plan.may_stop_early)


def _scorings(plan: Plan, *, done: int, every: int | None = None) -> int:
    """Scorings after ``done`` epochs, of which the last epoch's is one."""
    every = every or plan.every or plan.epochs
    last = 0 if plan.epochs % every == 0 else 1
    return plan.epochs // every + last - done // every if done < plan.epochs else 0


def _every_to_halve(plan: Plan, time: TimeToGo) -> int | None:
    """Epochs from one scoring to the next with which the run takes half; None if fewer scorings cannot do it."""
    each = time.scoring / max(_scorings(plan, done=0), 1)
    affordable = int((time.total / 2 - time.training) / each)
    rarer = range(plan.every + 1, plan.epochs + 1) if plan.every else range(0)
    return next((every for every in rarer if _scorings(plan, done=0, every=every) <= affordable), None)


def _words(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
