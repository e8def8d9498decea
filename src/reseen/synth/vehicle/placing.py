"""Placing of marks: textures laid onto the flanks, windows, ends and upper sides of a vehicle."""

from typing import NamedTuple

import numpy as np

from reseen.synth.render.decal import decal
from reseen.synth.render.mesh import Array, Mesh
from reseen.synth.vehicle.body import Body
from reseen.synth.vehicle.painting import MarkTexture
from reseen.synth.vehicle.shell import Shell


class Surroundings(NamedTuple):
    """What a mark is put on."""

    kind: str
    body: Body
    paint: Array


def on_flank(where: Surroundings, image: MarkTexture, *, x: float, z: float, size: tuple[float, float],
              left: bool, shell: Shell | None = None) -> Mesh:  # fmt: skip
    """An image on one flank, its middle at ``x`` and ``z``, ``size`` (width, height) metres."""
    texture, keep = image
    rows, columns = texture.shape[:2]
    way = -1 if left else 1
    xs = x + way * np.linspace(-0.5, 0.5, columns + 1)[None] * size[0]
    zs = z + np.linspace(0.5, -0.5, rows + 1)[:, None] * size[1]
    points = (shell or where.body.hull).flank(xs, zs, left=left)
    return decal(points, texture, keep=keep, lift=0.02, run=6)


def on_screen(where: Surroundings, image: MarkTexture, *, y: float, level: float,
               size: tuple[float, float], front: bool) -> Mesh:  # fmt: skip
    """An image on the windscreen or the rear window, its middle at ``y`` and the greenhouse's ``level``."""
    cabin = where.body.cabin
    texture, keep = image
    rows, columns = texture.shape[:2]
    slant = float(np.linalg.norm(cabin.end(0.0, 1.0 - 0.1, front=front) - cabin.end(0.0, 0.1, front=front))) / 0.8
    way = 1 if front else -1
    ys = way * (y + np.linspace(-0.5, 0.5, columns + 1)[None] * size[0])
    levels = level + np.linspace(0.5, -0.5, rows + 1)[:, None] * size[1] / slant
    return decal(cabin.end(ys, levels, front=front), texture, keep=keep, lift=0.024, run=6)


def on_face(where: Surroundings, image: MarkTexture, *, y: float, z: float, size: tuple[float, float],
             front: bool) -> Mesh:  # fmt: skip
    """An image on the front or the rear, its middle at ``y`` and ``z``."""
    body = where.body
    shell = body.cargo if body.cargo is not None and not front else body.hull
    texture, keep = image
    rows, columns = texture.shape[:2]
    way = 1 if front else -1
    ys = way * (y + np.linspace(-0.5, 0.5, columns + 1)[None] * size[0])
    zs = z + np.linspace(0.5, -0.5, rows + 1)[:, None] * size[1]
    return decal(shell.face(ys, zs, front=front), texture, keep=keep, lift=0.02, run=6)


def on_deck(shell: Shell, image: MarkTexture, *, x: float, y: float, size: tuple[float, float],
                crown: float) -> Mesh:  # fmt: skip
    """An image on the upper side of a shell, its middle at ``x`` and ``y``."""
    texture, keep = image
    rows, columns = texture.shape[:2]
    # Readable from in front of the vehicle: its bottom edge is the one nearer to the nose.
    xs = x + np.linspace(-0.5, 0.5, rows + 1)[:, None] * size[1]
    ys = y + np.linspace(-0.5, 0.5, columns + 1)[None] * size[0]
    return decal(shell.deck(xs, ys, crown=crown), texture, keep=keep, lift=0.014, run=6)
