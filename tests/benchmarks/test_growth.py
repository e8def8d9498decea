"""The benchmark of growth: slopes of known curves, the table and the figure, and a step measured."""

from math import isnan

import pytest

import growth
from growth import Curve, Point

SQUARE = Curve("square", [Point(size, 1e-6 * size**2) for size in (10, 100, 1000, 10_000)])
ONE = Curve("one", [Point(10, 0.5)])


def test_the_slope_is_the_exponent_of_the_last_points():
    bent = Curve("bent", [Point(1, 9.0), *SQUARE.points[1:]])
    assert SQUARE.slope == pytest.approx(2)
    assert bent.slope == pytest.approx(2)
    assert isnan(ONE.slope)


def test_a_measurement_stops_before_a_size_that_takes_too_long():
    assert growth.expected([]) == 0
    assert growth.expected([Point(1000, 2.0)]) == pytest.approx(2 * 10**0.5)
    assert growth.expected([Point(1000, 2.0), Point(3162, 6.0)]) == pytest.approx(18)


def test_the_table_has_a_column_a_size_and_the_slope():
    lines = growth.table([SQUARE, ONE]).splitlines()
    assert lines[0] == "| step | 10 | 100 | 1,000 | 10,000 | slope |"
    assert lines[2:] == ["| square | 0.0001 | 0.01 | 1 | 100 | 2.00 |", "| one | 0.5 |  |  |  | nan |"]


def test_the_figure_names_every_step_with_its_slope():
    axes = growth.plotted([SQUARE, ONE]).axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert axes.get_legend_handles_labels()[1] == ["square: slope 2.0", "one: slope nan"]


@pytest.mark.parametrize("name", ["job", "evaluate"])
def test_a_step_is_measured_at_growing_sizes(monkeypatch, name):
    monkeypatch.setattr(growth, "START", 60)
    assert [point.size for point in growth.grown(name, largest=200, most=60).points] == [60, 190]
