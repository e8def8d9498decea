"""Mean average precision from each query camera to each gallery camera.

A = query cameras, B = gallery cameras.
"""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reseen.draw.style import FAINT, INK, style
from reseen.errors import ReseenError
from reseen.metrics import Embedded, Protocol, evaluate
from reseen.metrics.labels import Labels, known

_CELL = 0.36
"""Inches."""

_BLANK = "#eef0f3"
_DARK = 0.72
"""Above this value white text stands out more on its cell than black."""


class CameraMatrix(NamedTuple):
    """``query_cameras`` (A names) by ``gallery_cameras`` (B names).

    ``mean_average_precision`` (A, B), NaN without queries; ``queries`` (A, B): how many it is the mean of.
    """

    query_cameras: tuple[str, ...]
    gallery_cameras: tuple[str, ...]
    mean_average_precision: NDArray[np.float64]
    queries: NDArray[np.int64]


def camera_matrix(
    query: Embedded,
    gallery: Embedded,
    *,
    protocol: str | Protocol = "market1501",
    average_precision: str = "rectangle",
    most: int = 30,
) -> CameraMatrix:
    """Score the queries of each camera among the gallery images of each camera alone, under the protocol.

    Of more than ``most`` cameras, those with the most images. ReseenError: no camera is known in query or gallery.
    """
    cameras = [_cameras(side, name=name, most=most) for side, name in ((query, "query"), (gallery, "gallery"))]
    shape = len(cameras[0]), len(cameras[1])
    means, counts = np.full(shape, np.nan), np.zeros(shape, dtype=np.int64)
    assert query.cameras is not None
    assert gallery.cameras is not None
    for column, camera in enumerate(cameras[1]):
        entries = gallery.rows(np.flatnonzero(gallery.cameras == camera))
        try:
            report = evaluate(query, entries, protocol=protocol, average_precision=average_precision)
        except ReseenError:
            continue  # no query has a match at this camera: its column stays blank
        evaluated = ~np.isnan(report.average_precisions)
        for row, origin in enumerate(cameras[0]):
            chosen = evaluated & (query.cameras == origin)
            counts[row, column] = chosen.sum()
            if counts[row, column]:
                means[row, column] = report.average_precisions[chosen].mean()
    names = [tuple(map(str, of_side)) for of_side in cameras]
    return CameraMatrix(names[0], names[1], means, counts)


def _cameras(side: Embedded, *, name: str, most: int) -> Labels:
    """The known cameras, sorted; of too many, those with the most images."""
    if side.cameras is None or not known(side.cameras).any():
        raise ReseenError(f"a camera matrix needs cameras: expected some in query and gallery, got none in the {name}")
    cameras, counts = np.unique(side.cameras[known(side.cameras)], return_counts=True)
    return np.sort(cameras[np.argsort(-counts, kind="stable")[:most]])


def plot_cameras(matrix: CameraMatrix) -> Figure:
    """One cell per pair of cameras, in percent; grey where no query of the row's camera has a match in the column's."""
    rows, columns = matrix.mean_average_precision.shape
    figure = Figure(figsize=(max(4.2, _CELL * columns + 2.0), max(3.2, _CELL * rows + 1.2)), layout="constrained")
    axes = figure.add_subplot()
    axes.set_facecolor(_BLANK)
    image = axes.imshow(np.ma.masked_invalid(matrix.mean_average_precision), cmap="Blues", vmin=0, vmax=1)
    for (row, column), value in np.ndenumerate(matrix.mean_average_precision):
        words, ink = ("–", FAINT) if np.isnan(value) else (f"{100 * value:.0f}", "white" if value >= _DARK else "black")
        axes.text(column, row, words, ha="center", va="center", fontsize=9, color=ink)
    axes.set_xticks(np.arange(columns + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(rows + 1) - 0.5, minor=True)
    axes.grid(visible=True, which="minor", color="white", linewidth=1.5)
    turned = max(len(name) for name in matrix.gallery_cameras) > 3
    axes.set_xticks(range(columns), matrix.gallery_cameras, rotation=90 if turned else 0)
    axes.set_yticks(range(rows), matrix.query_cameras)
    axes.set(xlabel="gallery camera", ylabel="query camera")
    style(axes, title="mAP from camera to camera, in percent", grid=False)
    axes.tick_params(which="both", length=0)
    bar = figure.colorbar(image, ax=axes, shrink=min(1.0, 3.0 / (_CELL * rows + 0.1)), aspect=18, pad=0.02)
    bar.outline.set_visible(False)
    bar.set_ticks([0, 0.5, 1], labels=["0", "50", "100"])
    bar.ax.tick_params(colors=INK, labelsize=8, length=0)
    return figure
