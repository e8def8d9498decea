"""Embeddings as points on a plane (t-SNE), coloured by their labels.

N = images, D = embedding width.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reseen.draw.style import INK, PALETTE, style
from reseen.errors import ReseenError
from reseen.metrics.array_types import Vectors
from reseen.metrics.labels import Labels, known
from reseen.metrics.unit_vectors import unit_vectors

LEAST = 12
"""Fewer images make no meaningful plane of neighbourhoods."""

_PERPLEXITY = 30.0
_OTHERS = "#cdd3da"
_MARKERS = ("o", "^", "s")
DISTINCT = len(PALETTE) * len(_MARKERS)
"""How many labels colours and markers can tell apart in one panel."""


class Panel(NamedTuple):
    """One colouring of the points: ``labels`` (N,), and those ``shown`` in colour, in the order of the legend.

    Label n takes colour n modulo 7, and the next marker each time the colours start again.
    """

    title: str
    labels: Labels
    shown: Sequence[str]


def sample_identities(identities: Labels, *, most: int = 2000, each: int = 60, seed: int = 0) -> NDArray[np.int64]:
    """(N,) identities -> ascending rows: at most ``each`` images of randomly drawn identities, ``most`` in all.

    Whole identities are drawn, since single images would form no groups.
    """
    generator = np.random.default_rng(seed)
    codes = np.unique(identities, return_inverse=True)[1]
    order = np.argsort(codes, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
    chosen: list[int] = []
    for place in generator.permutation(len(groups)):
        rows = groups[place]
        few = rows if len(rows) <= each else generator.choice(rows, size=each, replace=False)
        chosen.extend(few[: most - len(chosen)].tolist())
        if len(chosen) == most:
            break
    return np.array(sorted(chosen), dtype=np.int64)


def place_on_plane(vectors: Vectors, *, seed: int = 0) -> NDArray[np.float64]:
    """(N, D) -> (N, 2) by t-SNE (van der Maaten and Hinton, JMLR 9, 2008) of the vectors at length 1.

    Close points are close in the embedding; distances between groups, and their sizes, mean little. The same vectors
    and seed give the same plane. ReseenError: fewer than ``LEAST`` images.
    """
    if len(vectors) < LEAST:
        raise ReseenError(f"a plane of embeddings needs at least {LEAST} images, got {len(vectors)}")
    from sklearn.manifold import TSNE

    perplexity = min(_PERPLEXITY, (len(vectors) - 1) / 3)
    reducer = TSNE(n_components=2, init="pca", perplexity=perplexity, random_state=seed)
    return np.asarray(reducer.fit_transform(unit_vectors(vectors)), dtype=np.float64)


def most_frequent(labels: Labels, *, count: int = DISTINCT) -> list[str]:
    """The known labels with the most images, sorted by name."""
    names, images = np.unique(labels[known(labels)], return_counts=True)
    return [str(name) for name in np.sort(names[np.argsort(-images, kind="stable")[:count]])]


def plot_plane(points: NDArray[np.float64], panels: Sequence[Panel]) -> Figure:
    """The same points (N, 2) in each panel, side by side; labels that are not shown are grey."""
    for panel in panels:
        if len(panel.labels) != len(points):
            raise ValueError(f"panel '{panel.title}': expected {len(points)} labels, got {len(panel.labels)}")
        if len(panel.shown) > DISTINCT:
            raise ValueError(f"panel '{panel.title}': at most {DISTINCT} labels can be shown, got {len(panel.shown)}")
    figure = Figure(figsize=(4.4 * len(panels), 6.2), layout="constrained")
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        _draw(axes, points, panel)
    return figure


def _draw(axes: Axes, points: NDArray[np.float64], panel: Panel) -> None:
    names = panel.labels.astype(np.str_)
    others = ~np.isin(names, list(panel.shown))
    if others.any():
        axes.scatter(points[others, 0], points[others, 1], s=16, color=_OTHERS, linewidths=0, label="others")
    for number, name in enumerate(panel.shown):
        here = names == name
        axes.scatter(
            points[here, 0],
            points[here, 1],
            s=26,
            color=PALETTE[number % len(PALETTE)],
            marker=_MARKERS[number // len(PALETTE)],
            linewidths=0,
            alpha=0.85,
            label=name,
        )
    axes.set_aspect("equal", adjustable="datalim")
    style(axes, title=panel.title, grid=False, points=14)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        ncols=4,
        frameon=False,
        fontsize=11,
        labelcolor=INK,
        handletextpad=0.1,
        columnspacing=0.9,
    )
