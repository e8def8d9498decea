"""A small histogram: columns over seconds, with a window behind them."""

from collections.abc import Sequence
from typing import NamedTuple


class Column(NamedTuple):
    """A column: percent of the width, percent of the height."""

    left: float
    width: float
    height: float


class Histogram(NamedTuple):
    """Ready to be drawn; ``window`` is from, width in percent; ``ends`` are written under its two ends."""

    title: str
    note: str
    label: str
    columns: Sequence[Column]
    ends: tuple[str, str]
    window: tuple[float, float] | None = None


def histogram(
    edges: Sequence[float],
    counts: Sequence[float],
    *,
    title: str,
    note: str = "",
    label: str,
    window: tuple[float, float] | None = None,
) -> Histogram:
    """Columns of ``counts`` (B) between ``edges`` (B + 1), in seconds; ``window`` (from, to) is clipped to them.

    Example:
        >>> drawn = histogram([0, 5, 10], [1, 4], title="", label="", window=(5, 20))
        >>> [column.height for column in drawn.columns], drawn.window, drawn.ends
        ([25.0, 100.0], (50.0, 50.0), ('0 s', '10 s'))
    """
    low, high = edges[0], edges[-1]
    length, most = max(high - low, 1e-9), max(max(counts, default=0.0), 1e-9)
    columns = [
        Column(100 * (left - low) / length, 100 * (right - left) / length, 100 * count / most)
        for left, right, count in zip(edges, edges[1:], counts, strict=False)
        if count > 0
    ]
    behind = None
    if window is not None:
        begin, end = (100 * (min(max(at, low), high) - low) / length for at in window)
        behind = begin, end - begin
    return Histogram(title, note, label, columns, (f"{low:.0f} s", f"{high:.0f} s"), behind)
