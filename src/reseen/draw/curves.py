"""Plots of scores: cumulative matches, two systems query by query, and the course of a training; no global state."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from reseen.draw.style import PALETTE, WIDTH, brief, style
from reseen.errors import ReseenError

_DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (5, 1.5, 1, 1.5)))
_LABEL_ROOM = 0.055
"""Least distance of two labels at the curves' ends, as a share of the axis."""


def plot_cmc(curves: Mapping[str, NDArray[np.float64] | Sequence[float]], *, ranks: int = 20) -> Figure:
    """Name -> share of queries with a match by rank k = 1, 2, ...; each curve is labelled at its end.

    Shows the first ``ranks`` ranks, or as many as the shortest curve has.
    """
    if not curves:
        raise ReseenError("a CMC plot needs at least one system, got none")
    figure = Figure(figsize=(WIDTH, 3.8), layout="constrained")
    axes = figure.add_subplot()
    shown = min(ranks, *(len(curve) for curve in curves.values()))
    rank = np.arange(1, shown + 1)
    ends = []
    for (name, curve), colour, dash in zip(curves.items(), cycle(PALETTE), cycle(_DASHES)):
        values = np.asarray(curve, dtype=np.float64)[:shown]
        axes.plot(rank, values, color=colour, linestyle=dash, linewidth=2, marker="o", markersize=3.2, label=name)
        ends.append((float(values[-1]), f"{brief(name)}\nrank-1 {values[0]:.1%}", colour))
    axes.set(xlabel="rank", ylabel="queries with a match by this rank", ylim=(-0.02, 1.02), xlim=(0.5, shown + 0.5))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    style(axes, title="Cumulative matches")
    # Curves often meet at their ends; the labels then have the order of the areas under the curves.
    area = {name: float(np.sum(curve[:shown])) for name, curve in curves.items()}
    ends = [end for _, end in sorted(zip(area.values(), ends, strict=True), key=lambda entry: entry[0])]
    _label_ends(axes, ends, room=2 * _LABEL_ROOM)
    return figure


def plot_paired(first: NDArray[np.float64], second: NDArray[np.float64], *, names: tuple[str, str]) -> Figure:
    """Average precision of each query (Q,), NaN where skipped, of one system against another."""
    if first.shape != second.shape:
        raise ValueError(f"expected the same queries in both, got {len(first)} and {len(second)}")
    figure = Figure(figsize=(WIDTH, 3.8), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color=PALETTE[-1], linewidth=1, linestyle=(0, (4, 2)))
    axes.scatter(first, second, s=14, color=PALETTE[0], alpha=0.5, linewidths=0)
    axes.set(xlabel=brief(names[0]), ylabel=brief(names[1]), xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    style(axes, title="Average precision of each query")
    return figure


def plot_training(rows: Sequence[Mapping[str, Any]], *, score: str = "mAP", words: str = "mAP") -> Figure:
    """Losses and learning rate over the epochs of a run and, if any epoch was scored, its ``score``, called ``words``.

    A row is one line of a run's metrics: ``epoch``, ``loss``, ``losses`` by name, ``learning_rate``, and any scores.
    """
    if not rows:
        raise ReseenError("training curves need at least one finished epoch, got none")
    scored = [row for row in rows if row.get(score) is not None]
    figure = Figure(figsize=(WIDTH, 6.0 if scored else 4.4), layout="constrained")
    panels = figure.subplots(3 if scored else 2, 1, sharex=True, height_ratios=[2, 1, 1.4] if scored else [2, 1])
    _plot_losses(panels[0], rows)
    _line(panels[1], rows, "learning_rate")
    panels[1].set_ylim(bottom=0)
    panels[1].ticklabel_format(axis="y", style="sci", scilimits=(-2, 3))
    style(panels[1], title="Learning rate")
    if scored:
        _line(panels[2], scored, score)
        panels[2].set_ylim(0, 1)
        panels[2].yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
        best = max(scored, key=lambda row: float(row[score]))
        style(panels[2], title=f"{words} (best {best[score]:.1%} at epoch {best['epoch']})")
    panels[-1].set_xlabel("epoch")
    panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    return figure


def _plot_losses(axes: Axes, rows: Sequence[Mapping[str, Any]]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row.get("losses", {})))
    curves = {"total": [(row["epoch"], row["loss"]) for row in rows]}
    if len(names) > 1:
        curves |= {name: [(r["epoch"], r["losses"][name]) for r in rows if name in r["losses"]] for name in names}
    ends = []
    for (name, points), colour, dash in zip(curves.items(), cycle(PALETTE), cycle(_DASHES)):
        epochs, values = zip(*points, strict=True)
        axes.plot(epochs, values, color=colour, linestyle=dash, linewidth=2, marker=_marker(points), label=name)
        ends.append((float(values[-1]), name.replace("_", " "), colour))
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    style(axes, title="Loss")
    _label_ends(axes, ends, room=1.6 * _LABEL_ROOM)


def _line(axes: Axes, rows: Sequence[Mapping[str, Any]], key: str) -> None:
    epochs, values = [row["epoch"] for row in rows], [row[key] for row in rows]
    axes.plot(epochs, values, color=PALETTE[0], linewidth=2, marker=_marker(rows))


def _marker(points: Sequence[object]) -> str:
    """Dots for few points: a run of one epoch has no line."""
    return "o" if len(points) <= 12 else ""


def _label_ends(axes: Axes, ends: Sequence[tuple[float, str, str]], *, room: float) -> None:
    """Label the curves at their right ends instead of in a legend; labels that would overlap are moved apart."""
    low, high = axes.get_ylim()
    heights = [(value - low) / (high - low) for value, _, _ in ends]
    for (_, text, colour), height in zip(ends, spread(heights, room=room), strict=True):
        axes.annotate(
            text,
            xy=(1.0, height),
            xycoords="axes fraction",
            xytext=(6, 0),
            textcoords="offset points",
            color=colour,
            fontsize=9,
            va="center",
            annotation_clip=False,
        )


def spread(heights: Sequence[float], *, room: float) -> list[float]:
    """Heights in 0..1, moved up and then down until all are at least ``room`` apart.

    >>> spread([0.5, 0.5, 0.9], room=0.1)
    [0.5, 0.6, 0.9]
    """
    order = sorted(range(len(heights)), key=lambda index: heights[index])
    placed = [heights[index] for index in order]
    for position in range(1, len(placed)):
        placed[position] = max(placed[position], placed[position - 1] + room)
    ceiling = 1.0
    for position in reversed(range(len(placed))):
        placed[position] = min(placed[position], ceiling)
        ceiling = placed[position] - room
    result = [0.0] * len(heights)
    for position, index in enumerate(order):
        result[index] = placed[position]
    return result
