"""Histograms of the similarity of all pairs that count: of the same identity, and of different ones.

Q = queries, G = gallery entries, B = bins.
"""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from reseen.deprecation import renamed_keywords
from reseen.draw.style import INK, PALETTE, WIDTH, style
from reseen.errors import ReseenError
from reseen.metrics import Embedded, Protocol
from reseen.metrics.protocol import find_protocol
from reseen.metrics.verification.pairs import find_pairs

_SHOWN = 1e-4
"""Share of the pairs of either kind that may fall outside the plotted range."""


class Similarities(NamedTuple):
    """Numbers of pairs by cosine: ``edges`` (B + 1,) from -1 to 1; ``same`` and ``different`` (B,)."""

    edges: NDArray[np.float64]
    same: NDArray[np.int64]
    different: NDArray[np.int64]


def count_similarities(
    query: Embedded, gallery: Embedded, *, protocol: str | Protocol = "market1501", bins: int = 100
) -> Similarities:
    """Count the pairs of every query with every gallery entry, without those that `find_pairs` leaves out.

    Computed in blocks; memory does not grow with the number of pairs. ReseenError: no pair of either kind.
    """
    if bins < 1:
        raise ValueError(f"bins: expected at least 1, got {bins}")
    totals = np.zeros((2, bins), dtype=np.int64)
    pairs = find_pairs(query, gallery, protocol=find_protocol(protocol))
    for rows, similarity in pairs.blocks():
        valid = np.isfinite(similarity)
        same = (pairs.identities.query[rows, None] == pairs.identities.gallery)[valid]
        place = np.clip(((similarity[valid].astype(np.float64) + 1) * (bins / 2)).astype(np.int64), 0, bins - 1)
        for kind, chosen in enumerate((same, ~same)):
            totals[kind] += np.bincount(place[chosen], minlength=bins)
    if not totals.any(axis=1).all():
        counts = " and ".join(str(total) for total in totals.sum(axis=1))
        raise ReseenError(f"expected pairs of one identity and of different ones, got {counts}")
    return Similarities(np.linspace(-1, 1, bins + 1), same=totals[0], different=totals[1])


@renamed_keywords(found="similarities")
def plot_similarities(similarities: Similarities, *, threshold: float | None = None) -> Figure:
    """Both histograms, in shares of their own pairs, and the decision threshold if given."""
    figure = Figure(figsize=(WIDTH, 3.8), layout="constrained")
    axes = figure.add_subplot()
    for name, counts, colour in (
        ("same identity", similarities.same, PALETTE[0]),
        ("different identities", similarities.different, PALETTE[1]),
    ):
        label = f"{name}, {counts.sum():,} pairs"
        share = counts / counts.sum()
        axes.stairs(share, similarities.edges, fill=True, color=colour, alpha=0.25)
        axes.stairs(share, similarities.edges, color=colour, linewidth=1.8, label=label)
    axes.set(xlabel="cosine similarity", ylabel="share of the pairs", xlim=_range(similarities, threshold))
    axes.set_ylim(
        0, 1.25 * max((counts / counts.sum()).max() for counts in (similarities.same, similarities.different))
    )
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5))  # labels of a narrow range are long
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=1))
    axes.legend(loc="upper left", frameon=False, fontsize=9, labelcolor=INK)
    if threshold is not None:
        _draw_threshold(axes, threshold)
    style(axes, title="Similarity of pairs")
    return figure


def _range(similarities: Similarities, threshold: float | None) -> tuple[float, float]:
    """The range that holds the pairs and the threshold."""
    ends = [] if threshold is None else [threshold - 0.02, threshold + 0.02]
    for counts in (similarities.same, similarities.different):
        below = np.cumsum(counts) / counts.sum()
        ends += [similarities.edges[np.argmax(below > _SHOWN)], similarities.edges[np.argmax(below >= 1 - _SHOWN) + 1]]
    return float(min(ends)), float(max(ends))


def _draw_threshold(axes: Axes, threshold: float) -> None:
    axes.axvline(threshold, color=INK, linewidth=1.4, linestyle=(0, (4, 2)))
    left = threshold > float(np.mean(axes.get_xlim()))
    axes.annotate(
        f"threshold {threshold:.3f}",
        xy=(threshold, 0.78),
        xycoords=("data", "axes fraction"),
        xytext=(-5 if left else 5, 0),
        textcoords="offset points",
        ha="right" if left else "left",
        fontsize=9,
        color=INK,
    )
