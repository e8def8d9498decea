"""Time lines and histograms: what is drawn where."""

from itertools import pairwise

import pytest

from reseen.report.histogram import histogram
from reseen.report.timeline import Span, timeline


def test_bars_of_one_lane_never_cover_each_other():
    spans = [Span("a", begin, begin + 3, path=begin, text=str(begin)) for begin in range(40)]
    (lane,) = timeline(spans, lanes=["a"], label="").lanes
    bars = sorted(lane.bars, key=lambda bar: (bar.top, bar.left))
    assert len(bars) == 40
    for one, other in pairwise(bars):
        assert other.top > one.top or other.left >= one.left + one.width - 1e-9
    assert all(bar.left >= 0 and bar.left + bar.width <= 100 + 1e-9 for bar in bars)
    assert lane.height >= max(bar.top for bar in bars) + 22


def test_lines_join_the_stays_of_one_path_in_order_of_time():
    spans = [Span("b", 20, 30, path=1), Span("a", 0, 10, path=1), Span("a", 90, 100, path=2)]
    drawn = timeline(spans, lanes=["a", "b"], label="")
    assert [(line.left, line.right) for line in drawn.lines] == [(10.0, 20.0)]


@pytest.mark.parametrize("length", [0.0, 0.5, 60.0, 3600.0, 86400.0 * 365])
def test_there_are_few_ticks_whatever_the_length(length):
    drawn = timeline([Span("a", 1e9, 1e9 + length, path=1)], lanes=["a"], label="", origin=1e9)
    assert 1 <= len(drawn.ticks) <= 8
    assert drawn.ticks[0].text == "0:00"
    assert all(0 <= tick.left <= 100 for tick in drawn.ticks)


def test_no_stays_make_an_empty_time_line():
    assert timeline([], lanes=[], label="").lanes == []


def test_a_window_beyond_the_columns_is_cut_at_their_ends():
    assert histogram([0, 10], [3], title="", label="", window=(-5, 99)).window == (0.0, 100.0)
    assert histogram([0, 10], [0], title="", label="").columns == []
