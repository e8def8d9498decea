"""A time line: lanes, bars in them, and lines from a bar to the next of the same path.

Places along time are in percent of the width, those across in CSS pixels, so that it fits any screen while its text
keeps its size.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

COLOURS = 7
"""Colours of bars in page.css, taken in turns."""
_ROW, _GAP = 24, 10
"""Pixels of a row of bars, and between lanes."""
_DIGIT, _PADDING, _CHART = 7.5, 10.0, 620.0
"""Pixels of a digit, of a bar beside its text, and of the narrowest chart: bars keep room for their text."""
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 604800)
_MOST_TICKS = 6


class Span(NamedTuple):
    """One stay: in which lane, seconds, which ``path`` (a number) it belongs to, and its text, long name and link."""

    lane: str
    begin: float
    end: float
    path: int
    text: str = ""
    title: str = ""
    link: str = ""


class Bar(NamedTuple):
    """A stay as drawn: ``left`` and ``width`` in percent, ``top`` in pixels."""

    left: float
    width: float
    top: float
    colour: int
    span: Span


class Lane(NamedTuple):
    """A named lane with its bars, its upper edge and height in pixels."""

    name: str
    top: int
    height: int
    bars: Sequence[Bar]


class Line(NamedTuple):
    """From the end of one stay to the beginning of the next: percent, pixels."""

    left: float
    top: float
    right: float
    bottom: float
    colour: int


class Tick(NamedTuple):
    """A time, in percent, and what is written there."""

    left: float
    text: str


class Timeline(NamedTuple):
    """Ready to be drawn; ``label`` says in words what it shows."""

    label: str
    lanes: Sequence[Lane]
    lines: Sequence[Line]
    ticks: Sequence[Tick]
    height: int


def timeline(spans: Sequence[Span], *, lanes: Sequence[str], label: str, origin: float = 0.0) -> Timeline:
    """Lay out stays so that no two bars cover each other.

    Args:
        spans: What to draw.
        lanes: Names of lanes from the top; each span's is among them.
        label: What the time line shows, in words.
        origin: Seconds that are written as 0:00.

    Example:
        >>> drawn = timeline([Span("a", 0, 4, path=1), Span("b", 8, 10, path=1)], lanes=["a", "b"], label="")
        >>> [(bar.left, bar.width) for lane in drawn.lanes for bar in lane.bars], len(drawn.lines)
        ([(0.0, 40.0), (80.0, 20.0)], 1)
    """
    begin = min((span.begin for span in spans), default=0.0)
    end = max((span.end for span in spans), default=0.0)
    length = max(end - begin, 1e-3)
    drawn, top = [], 0
    for name in lanes:
        bars, rows = _packed([span for span in spans if span.lane == name], begin=begin, length=length, top=top)
        height = max(rows, 1) * _ROW + _GAP
        drawn.append(Lane(name, top, height, bars))
        top += height
    bars = [bar for lane in drawn for bar in lane.bars]
    return Timeline(label, drawn, _lines(bars), _ticks(begin, end, origin=origin), top)


def clock(seconds: float) -> str:
    """Seconds as minutes and seconds, with hours where there are some.

    >>> clock(75.4), clock(3675), clock(-5)
    ('1:15', '1:01:15', '-0:05')
    """
    whole = round(abs(seconds))
    hours, minutes = divmod(whole // 60, 60)
    sign = "-" if seconds < 0 and whole else ""
    return f"{sign}{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{sign}{minutes}:{whole % 60:02d}"


def _packed(spans: Iterable[Span], *, begin: float, length: float, top: int) -> tuple[list[Bar], int]:
    """Bars in as few rows as their widths allow, and the number of rows."""
    ends: list[float] = []
    bars = []
    for span in sorted(spans, key=lambda span: span.begin):
        least = 100 * (_DIGIT * len(span.text) + _PADDING) / _CHART if span.text else 0.4
        width = min(max(100 * (span.end - span.begin) / length, least), 100.0)
        left = min(100 * (span.begin - begin) / length, 100 - width)
        row = next((row for row, end in enumerate(ends) if end <= left + 1e-9), len(ends))
        ends[row : row + 1] = [left + width]
        bars.append(Bar(left, width, top + _GAP / 2 + row * _ROW, span.path % COLOURS, span))
    return bars, len(ends)


def _lines(bars: Iterable[Bar]) -> list[Line]:
    paths: dict[int, list[Bar]] = {}
    for bar in sorted(bars, key=lambda bar: bar.span.begin):
        paths.setdefault(bar.span.path, []).append(bar)
    half = (_ROW - 2) / 2
    return [
        Line(one.left + one.width, one.top + half, other.left, other.top + half, one.colour)
        for path in paths.values()
        for one, other in pairwise(path)
    ]


def _ticks(begin: float, end: float, *, origin: float) -> list[Tick]:
    length = max(end - begin, 1e-3)
    step = next((step for step in _STEPS if length / step <= _MOST_TICKS), _STEPS[-1])
    if length / step > _MOST_TICKS:
        step = int(length / _MOST_TICKS)
    first = int(-(-(begin - origin) // step))
    last = int((end - origin) // step)
    return [
        Tick(100 * (number * step + origin - begin) / length, clock(number * step)) for number in range(first, last + 1)
    ]
