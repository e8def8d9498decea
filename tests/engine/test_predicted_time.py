"""The time that is said beforehand, with a clock of the test's own."""

import re

import pytest

from reseen.engine.checkpoint import Place
from reseen.engine.predicted_time import Forecast, Plan, TimeToGo, predicted_line, setting_to_halve, time_to_go
from reseen.tasks.reid.train import train
from stopping import Recorder

PLAN = Plan(epochs=20, steps=30, batch_images=64, every=5, scored_images=640)


class Clock:
    """Seconds that pass only when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


BEGIN = Place()


def lines_of(forecast: Forecast, clock: Clock, *, steps: list[float], start: Place = BEGIN) -> list[str | None]:
    """What is said after each step of so many seconds."""
    lines = []
    forecast.begin_epoch()
    for number, seconds in enumerate(steps, start=1):
        clock.now += seconds
        lines.append(forecast.step_done(Place(start.epoch, start.step + number), scoring_seconds=None))
    return lines


def test_steps_3_to_12_are_timed_and_the_line_comes_once():
    clock = Clock()
    forecast = Forecast(PLAN, start=Place(), clock=clock)
    lines = lines_of(forecast, clock, steps=[50.0, 9.0, *[1.0] * 10, 70.0])
    # 600 - 12 steps of 1 s; four scorings of 640 images, 64 of which take a third of a step's second.
    assert [line for line in lines if line] == [lines[11]]
    assert lines[11] == "about 10 min of training and 13 s of scoring to go; `--set training.epochs=10` would halve it"


def test_what_stands_between_epochs_is_not_timed():
    clock = Clock()
    plan = PLAN._replace(steps=4)
    forecast = Forecast(plan, start=Place(), clock=clock)
    said = []
    for epoch in range(3):
        said += lines_of(forecast, clock, steps=[10.0] * 4, start=Place(epoch))
        clock.now += 1000.0  # a scoring
    assert said[-1].startswith("about 11 min of training"), "68 steps of 10 s"


@pytest.mark.parametrize(("epochs", "steps", "said_after"), [(1, 3, None), (1, 4, 3), (1, 10, 6), (2, 11, None)])
def test_a_short_run_is_told_half_way_and_the_shortest_not_at_all(epochs, steps, said_after):
    clock = Clock()
    plan = PLAN._replace(epochs=epochs, steps=steps)
    lines = lines_of(Forecast(plan, start=Place(), clock=clock), clock, steps=[1.0] * steps)
    assert [number for number, line in enumerate(lines, start=1) if line] == ([said_after] if said_after else [])


def test_a_resumed_run_counts_what_is_left_and_names_no_setting():
    clock = Clock()
    start = Place(10, 6)
    lines = lines_of(Forecast(PLAN, start=start, clock=clock), clock, steps=[6.0] * 12, start=start)
    assert lines[-1] == "about 28 min of training and 40 s of scoring to go", "282 steps of 6 s; two scorings of 20 s"


def test_a_scoring_that_takes_much_longer_than_predicted_is_told_once():
    clock = Clock()
    forecast = Forecast(PLAN, start=Place(), clock=clock)
    lines_of(forecast, clock, steps=[1.0] * 12)
    line = forecast.scoring_done(Place(5), scoring_seconds=300.0)
    assert line == "about 8 min of training and 15 min of scoring to go"
    assert forecast.scoring_done(Place(10), scoring_seconds=900.0) is None


def test_a_scoring_as_predicted_is_not_told():
    clock = Clock()
    forecast = Forecast(PLAN, start=Place(), clock=clock)
    lines_of(forecast, clock, steps=[1.0] * 12)
    assert forecast.scoring_done(Place(5), scoring_seconds=4.0) is None


@pytest.mark.parametrize("every", [0, 1, 3, 5, 20])
@pytest.mark.parametrize("done", range(21))
def test_scorings_to_come_are_those_of_a_walk_through_the_epochs(every, done):
    plan = PLAN._replace(every=every)
    walked = [e for e in range(done + 1, 21) if e == 20 or (every and e % every == 0)]
    assert time_to_go(plan, Place(done), step_seconds=1.0, scoring_seconds=7.0).scoring == 7.0 * len(walked)


def test_where_scorings_take_most_of_the_time_fewer_of_them_halve_it():
    plan = PLAN._replace(every=1)
    time = TimeToGo(training=100.0, scoring=2000.0)  # 20 of 100 s; half of all is 1050 s, of which 9 scorings fit
    assert setting_to_halve(plan, time) == "evaluation.every=3", "7 scorings; with every second epoch they are 10"


@pytest.mark.parametrize(
    ("plan", "time"),
    [
        (PLAN, TimeToGo(40.0, 10.0)),
        (PLAN._replace(epochs=1), TimeToGo(4000.0, 10.0)),
        (PLAN._replace(shortest=11), TimeToGo(4000.0, 10.0)),
    ],
)
def test_no_setting_is_named_for_a_minute_a_single_epoch_or_a_warm_up_that_needs_them(plan, time):
    assert setting_to_halve(plan, time) is None


def test_times_are_told_in_seconds_minutes_or_hours():
    line = predicted_line(TimeToGo(2 * 3600.0, 0.2), at_most=True)
    assert line == "at most about 2.0 h of training and 1 s of scoring to go"


def test_a_run_says_its_time_after_its_first_steps(market, recipe_file, tmp_path):
    said = Recorder()
    run = train(recipe_file, data=market(), out=tmp_path / "run", progress=said).run
    told = [line for line in said.lines if re.fullmatch(r"about \d+ s of training and \d+ s of scoring to go", line)]
    assert len(told) == 1
    assert [("scoring_seconds" in row) for row in run.metrics()] == [False, True]
