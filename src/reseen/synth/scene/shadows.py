"""The light that reaches the ground of a scene: shadows of what stands on it, in one map seen from above.

Each thing throws the shadow of its convex hull, which is all that low cameras tell from the true one.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from scipy.spatial import ConvexHull

from reseen.synth.render.mesh import Array, unit
from reseen.synth.render.shading import Light
from reseen.synth.scene.thing import Thing

CELL = 0.125
"""Side of the map's cells, metres."""
LOW, HIGH = (-10.0, -34.0), (130.0, 34.0)
"""The corners of the mapped ground, (x, y) metres; outside it no shadow falls."""


class Lightmap(NamedTuple):
    """How much sun and how much sky reach each cell, 0..1, both (X, Y)."""

    sun: Array
    sky: Array

    def at(self, x: Array, y: Array) -> tuple[Array, Array]:
        """(P,), (P,) -> sun (P,) and sky (P,)."""
        rows, columns = self.sun.shape
        i, j = ((x - LOW[0]) / CELL).astype(np.int64), ((y - LOW[1]) / CELL).astype(np.int64)
        inside = (i >= 0) & (i < rows) & (j >= 0) & (j < columns)
        place = np.where(inside, i * columns + j, 0)
        return tuple(np.where(inside, part.ravel()[place], 1).astype(np.float32) for part in self)  # type: ignore[return-value]


def lightmap(things: Sequence[Thing], light: Light) -> Lightmap:
    """The shadows of ``things`` under ``light``."""
    way = unit(np.asarray(light.direction))
    slope = -way[:2] / max(float(way[2]), 0.3)
    along, across = (round((high - low) / CELL) for low, high in zip(LOW, HIGH, strict=True))
    thrown, beneath = (Image.new("L", (across, along), 255) for _ in range(2))
    sheets = ImageDraw.Draw(thrown), ImageDraw.Draw(beneath)
    for thing in things:
        points = thing.model.vertices[::3]
        if thing.casts:
            _fill(sheets[0], points[:, :2] + np.maximum(points[:, 2:], 0) * slope, 255 - round(225 * light.hardness))
        if thing.stands:
            _fill(sheets[1], points[points[:, 2] < 0.8, :2], 90)
    sun, sky = thrown.filter(ImageFilter.GaussianBlur(0.8)), beneath.filter(ImageFilter.GaussianBlur(2.0))
    return Lightmap(*(np.asarray(sheet, np.float32) / np.float32(255) for sheet in (sun, sky)))


def _fill(sheet: ImageDraw.ImageDraw, points: Array, level: int) -> None:
    """Fill the convex hull of points (V, 2) on the ground."""
    if len(points) < 3:
        return
    cells = (points - np.asarray(LOW)) / CELL
    # A flat thing seen edge on has no hull; joggled it has a thin one.
    hull = ConvexHull(cells, qhull_options="QJ")
    sheet.polygon([(float(y), float(x)) for x, y in cells[hull.vertices]], fill=level)
