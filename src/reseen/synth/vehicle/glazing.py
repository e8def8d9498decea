"""Windows: panes laid over the greenhouse, a few millimetres proud of it."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from reseen.synth.render.mesh import Colour, Mesh, Part
from reseen.synth.vehicle.body import Body
from reseen.synth.vehicle.shell import Shell, mirrored, pane


def windows(kind: str, body: Body, *, glass: Colour, breaks: Sequence[float]) -> list[Part]:
    """All panes; ``breaks``: where the pillars between the side windows stand, 0 at the front to 1 at the rear."""
    cabin = body.cabin
    panes = [_screen(cabin, front=True, colour=glass)]
    if kind not in ("truck",):
        panes.append(_screen(cabin, front=False, colour=glass))
    for start, end in _openings(kind, breaks):
        left = _side(cabin, start, end, colour=glass, slim=kind in ("bus", "van"))
        panes += [left, mirrored(left)]
    return [Part(mesh, gloss=1.0) for mesh in panes]


def _screen(cabin: Shell, *, front: bool, colour: Colour) -> Mesh:
    levels = np.linspace(0.87, 0.12 if front else 0.2, 7)[:, None]
    reach = cabin.side(cabin.middle, levels[:, 0])[:, 1]
    across = np.linspace(-0.88, 0.88, 11)[None] * (1 if front else -1)
    points = cabin.end(across * reach[:, None], levels, front=front)
    shade = np.broadcast_to(np.asarray(colour), points.shape).copy()
    # The dashboard and the seats behind the glass are a little lighter than the dark above them.
    shade[-3:] *= 1.5
    return pane(points, colour=shade, lift=0.014)


def _side(cabin: Shell, start: float, end: float, *, colour: Colour, slim: bool) -> Mesh:
    levels = np.linspace(0.84, 0.16, 5)
    ahead = np.asarray([cabin.edge(t) for t in levels]) - (0.16 if slim else 0.2)
    behind = np.asarray([cabin.edge(t, front=False) for t in levels]) + (0.16 if slim else 0.24)
    first, last = ahead.max(), behind.min()
    begin = np.minimum(first + (last - first) * start, ahead)
    finish = np.maximum(first + (last - first) * end, behind)
    finish = np.minimum(finish, begin - 0.02)
    columns = np.linspace(0, 1, 6)[None]
    x = begin[:, None] + (finish - begin)[:, None] * columns
    return pane(cabin.side(x, levels[:, None]), colour=colour, lift=0.022 if slim else 0.014)


def _openings(kind: str, breaks: Sequence[float]) -> list[tuple[float, float]]:
    """Where each side window starts and ends, with a pillar's width between two of them."""
    edges = [0.0, *breaks, 1.0]
    gap = {"bus": 0.006, "van": 0.02}.get(kind, 0.022)
    spans = [(a + gap * (a > 0), b - gap * (b < 1)) for a, b in pairwise(edges)]
    return spans[:1] if kind == "truck" else spans
