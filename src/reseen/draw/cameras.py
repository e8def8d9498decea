"""From which camera to which an individual is found: mean average precision, camera by camera.

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
"""From here on white stands out more on its cell than black."""


class CameraMatrix(NamedTuple):
    """``query_cameras`` A and ``gallery_cameras`` B names; ``mean_average_precision`` (A, B), NaN without queries;
    ``queries`` (A, B): of how many it is the mean.
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
    """Score each query camera before each gallery camera's pictures alone, under the protocol.

    Of more than ``most`` cameras on a side, those with the most pictures. ReseenError: no camera is known on a side.
    """
    sides = [_cameras(side, name=name, most=most) for side, name in ((query, "query"), (gallery, "gallery"))]
    shape = len(sides[0]), len(sides[1])
    means, counts = np.full(shape, np.nan), np.zeros(shape, dtype=np.int64)
    assert query.cameras is not None
    assert gallery.cameras is not None
    for column, camera in enumerate(sides[1]):
        entries = gallery.rows(gallery.cameras == camera)
        try:
            found = evaluate(query, entries, protocol=protocol, average_precision=average_precision)
        except ReseenError:
            continue  # no query has a match at this camera: its column stays blank
        evaluated = ~np.isnan(found.average_precisions)
        for row, origin in enumerate(sides[0]):
            chosen = evaluated & (query.cameras == origin)
            counts[row, column] = chosen.sum()
            if counts[row, column]:
                means[row, column] = found.average_precisions[chosen].mean()
    names = [tuple(str(camera) for camera in cameras) for cameras in sides]
    return CameraMatrix(names[0], names[1], means, counts)


def _cameras(side: Embedded, *, name: str, most: int) -> Labels:
    """The known cameras of a side, sorted; of too many, those with the most pictures."""
    if side.cameras is None or not known(side.cameras).any():
        raise ReseenError(f"a camera-to-camera table needs cameras, and none is known in the {name}")
    cameras, counts = np.unique(side.cameras[known(side.cameras)], return_counts=True)
    return np.sort(cameras[np.argsort(-counts, kind="stable")[:most]])


def plot_cameras(matrix: CameraMatrix) -> Figure:
    """A cell a pair of cameras, in percent; a grey cell where no query of the row's camera has a match there."""
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
