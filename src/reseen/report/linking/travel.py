"""Travel times: a histogram for each way from one camera to another, with its window."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from reseen.report.histogram import Histogram, histogram
from reseen.report.linking.doubtful import WayName, Ways, of_kind, ways_of, window_ends, window_source, window_words
from reseen.report.linking.saved import SavedLinking
from reseen.report.page import Section, Table

MOST = 24
MOST_ROWS = 100
_FINE = 24
"""Columns of a small histogram."""
_EXPLAINED = (
    "Seconds from leaving one camera to coming into view of the next, of confident links; a link counts as much as it "
    "is sure. The band behind is the window in which links are sought."
)


def travel_section(saved: SavedLinking) -> Section:
    """Histograms of the ways with the most links, and windows in a table."""
    ways = ways_of(saved)
    ordered = sorted(ways.times.items(), key=lambda item: -sum(item[1]["links"]))
    charts = [_chart(times, ways.window(way)) for way, times in ordered[:MOST]]
    named = list(dict.fromkeys([*(way for way, _ in ordered), *ways.windows]))
    if not named:
        return Section("Travel times", notes=["No travel times were given or could be learned: few confident links."])
    columns = ("from, to", "links", "median", "window", "source")
    table = Table("Travel times", columns, [_row(way, ways) for way in named[:MOST_ROWS]], kind="dense")
    more = []
    if len(ordered) > MOST:
        more.append(f"Histograms of the {MOST} ways with the most links, of {len(ordered):,}.")
    if len(named) > MOST_ROWS:
        more.append(f"{len(named) - MOST_ROWS:,} more ways are in linking.json.")
    return Section("Travel times", [table], charts=charts, notes=[_EXPLAINED, *more])


def _chart(times: Mapping[str, Any], window: Mapping[str, Any] | None) -> Histogram:
    edges, counts = _filled(*_coarser(times["seconds"], times["links"]))
    note = f"{sum(times['links']):.0f} links, median {times['median']:.0f} s"
    ends = None
    if window is not None:
        ends = (_end(window["shortest"], edges[0]), _end(window["longest"], edges[-1]))
        note += f", {window_words(window)}"
    label = f"Travel times from {times['from']} to {times['to']}{of_kind(times.get('kind', ''))}: {note}"
    return histogram(
        edges,
        counts,
        title=_named((times["from"], times["to"], times.get("kind", ""))),
        note=note,
        label=label,
        window=ends,
    )


def _filled(edges: list[float], counts: list[float]) -> tuple[list[float], list[float]]:
    """From two columns before the first that is filled to two after the last."""
    filled = np.flatnonzero(counts)
    if not len(filled):
        return edges, counts
    first, last = max(int(filled[0]) - 2, 0), min(int(filled[-1]) + 3, len(counts))
    return edges[first : last + 1], counts[first:last]


def _named(way: WayName) -> str:
    """The way in words."""
    return (f"{way[0]} again" if way[0] == way[1] else f"{way[0]} → {way[1]}") + of_kind(way[2])


def _end(seconds: float | None, otherwise: float) -> float:
    return otherwise if seconds is None else float(seconds)


def _coarser(edges: Sequence[float], counts: Sequence[float]) -> tuple[list[float], list[float]]:
    """Neighbouring bins together, so that a column can be seen in a small histogram."""
    step = max(1, len(counts) // _FINE)
    starts = range(0, len(counts), step)
    return [*(edges[at] for at in starts), edges[-1]], np.add.reduceat(np.asarray(counts, dtype=float), starts).tolist()


def _row(way: WayName, ways: Ways) -> tuple[str, ...]:
    times, window = ways.times.get(way), ways.window(way)
    ends = source = ""
    if window is not None:
        ends, source = window_ends(window, digits=1), window_source(window)
    learned = ("", "") if times is None else (f"{sum(times['links']):.1f}", f"{times['median']:.1f} s")
    return (_named(way), *learned, ends, source)
