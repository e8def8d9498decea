"""Wheels: a round-shouldered tyre, a rim with spokes, and the dark arch above it."""

import numpy as np

from reseen.synth.render.decal import decal
from reseen.synth.render.mesh import Colour, Mesh, Part, merge, translate, tube
from reseen.synth.vehicle.body import Body
from reseen.synth.vehicle.shell import both, pane

TYRE = (0.06, 0.06, 0.065)
RIM_STYLES = 6


def wheels(kind: str, body: Body, *, style: int, metal: Colour) -> list[Part]:
    """Four wheels in their arches; ``style`` one of RIM_STYLES."""
    size = body.size
    one = wheel(size.wheel, width=0.3 if kind in ("truck", "bus") else 0.2, style=style, metal=metal)
    parts = []
    for x in (size.length / 2 - size.front_axle, -size.length / 2 + size.rear_axle):
        freight = body.cargo is not None and x < 0
        shell = body.hull
        out = size.width / 2 * 0.985 if freight else float(shell.flank(x, size.wheel * 1.1)[1]) + 0.026
        parts.append(Part(both(translate(one, (x, out, size.wheel))), gloss=0.12))
        if not freight:
            parts.append(Part(both(_arch(body, x))))
    return parts


def wheel(radius: float, *, width: float, style: int, metal: Colour) -> Mesh:
    """One left wheel about the origin, its outer face at y = 0."""
    profile = ((0.0, 0.82), (-0.015, 0.93), (-0.05, 1.0), (-width + 0.05, 1.0), (-width, 0.9))
    turn = np.linspace(0, 2 * np.pi, 25)[:-1]
    rings = np.stack(
        [
            np.stack([np.cos(turn) * radius * k, np.full_like(turn, y), np.sin(turn) * radius * k], -1)
            for y, k in profile
        ]
    )
    tyre = tube(rings, colour=TYRE)
    rim = _rim(radius * 0.72, style=style, metal=np.asarray(metal))
    return merge([tyre, translate(rim, (0, 0.003, 0))])


def _rim(radius: float, *, style: int, metal: np.ndarray) -> Mesh:
    rho = np.asarray([1.0, 0.86, 0.2, 0.0])[:, None] * radius
    turn = np.linspace(0, 2 * np.pi, 41)[None]
    # Seen from the left, forward is to the left: columns run clockwise as rows run inwards.
    points = np.stack([np.cos(turn) * rho, 0 * turn * rho, np.sin(turn) * rho], axis=-1)
    spoke = np.arange(40)
    solid = [
        spoke % 8 < 4,
        spoke % 4 < 2,
        (spoke % 8 < 2) | (spoke % 8 == 3),
        np.ones(40, bool),
        spoke % 10 < 6,
        np.zeros(40, bool),
    ][style]
    texture = np.empty((3, 40, 3))
    texture[:] = np.where(solid[None, :, None], metal, 0.07)
    texture[0] = metal * 0.9
    texture[-1] = metal * (0.6 if style != 3 else 1.0)
    return decal(points, texture, lift=0.004, run=2)


def _arch(body: Body, x: float) -> Mesh:
    radius = body.size.wheel
    rho = np.linspace(1.17, 0.4, 4)[:, None] * radius
    turn = np.linspace(0, np.pi, 15)[None]
    points = body.hull.flank(x + np.cos(turn) * rho, radius + np.sin(turn) * rho)
    return pane(points, colour=(0.025, 0.025, 0.028), lift=0.02)
