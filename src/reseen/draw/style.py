"""The style of figures: colours that colour-blind readers can tell apart, a light grid, no frame."""

from matplotlib.axes import Axes

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""Okabe and Ito's colours, which colour-blind readers can tell apart; the darkest on white first."""

INK, FAINT, GRID = "#2b3036", "#8b939c", "#dfe3e8"

WIDTH = 5.0
"""Width of a figure of one panel, in inches."""


def brief(name: str, *, most: int = 28) -> str:
    """A name, or its two ends if it has more than ``most`` characters, since long labels leave a plot no room.

    >>> brief("trained, on other data", most=13)
    'traine…r data'
    """
    end = (most - 1) // 2
    return name if len(name) <= most else f"{name[:end]}…{name[-end:]}"


def style(axes: Axes, *, title: str, grid: bool = True, points: float = 11) -> None:
    """Style axes: title at the left in ``points``, dark small labels, grid lines behind the data, or none."""
    axes.set_title(title, loc="left", fontsize=points, color=INK, fontweight="bold")
    if grid:
        axes.grid(visible=True, color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, labelsize=9, length=0)
    axes.xaxis.label.set(color=INK, fontsize=10)
    axes.yaxis.label.set(color=INK, fontsize=10)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
