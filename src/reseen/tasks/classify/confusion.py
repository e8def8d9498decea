"""The confusion plot: true classes against predicted ones.

K = classes.
"""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reseen.tasks.classify.scoring import ClassReport

MOST_NAMED, MOST_NUMBERED = 40, 16
"""The most classes whose names and shares are written on the plot."""


def plot_confusion(report: ClassReport) -> Figure:
    """Rows are true classes, columns predicted ones; a row's shares add up to 1, one without images stays blank."""
    shares = row_shares(report.confusion)
    classes = len(shares)
    inches = min(max(4.2, 0.55 * classes), 9.0)
    figure = Figure(figsize=(inches + 0.8, inches), layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
    axes.set(xlabel="predicted class", ylabel="true class")
    axes.set_title("Confusion", loc="left", fontsize=11, fontweight="bold")
    axes.tick_params(length=0, labelsize=9)
    if classes <= MOST_NAMED:
        axes.set_xticks(range(classes), labels=report.class_names, rotation=90)
        axes.set_yticks(range(classes), labels=report.class_names)
    if classes <= MOST_NUMBERED:
        for (row, column), share in np.ndenumerate(shares):
            if share >= 0.005:
                colour = "white" if share > 0.6 else "black"
                axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", fontsize=8, color=colour)
    bar = figure.colorbar(image, ax=axes, shrink=0.8, label="share of the class's images")
    bar.outline.set_visible(False)
    return figure


def row_shares(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """(K, K) counts -> (K, K) shares of each row; NaN in a row without images."""
    totals = confusion.sum(axis=1, keepdims=True)
    shares = np.full(confusion.shape, np.nan)
    np.divide(confusion, totals, out=shares, where=totals > 0)
    return shares
