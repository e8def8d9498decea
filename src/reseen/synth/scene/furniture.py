"""Street furniture: lamps, traffic lights, signs, fences, bins, bicycles; origins on the ground, metres.

Who drives along +x sees the fronts of lights and signs, which face -x.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from reseen.synth.render.decal import decal
from reseen.synth.render.mesh import Colour, Mesh, box, cylinder, surface, translate, unit
from reseen.synth.scene.thing import Thing, thing

STEEL = (0.42, 0.43, 0.44)


def lamp(rng: np.random.Generator) -> list[Thing]:
    """A street lamp whose arm reaches out along +y."""
    height, reach = float(rng.uniform(5.5, 9)), float(rng.uniform(0.6, 2.2))
    tint = np.asarray(STEEL) * rng.uniform(0.45, 1.1)
    post = strut((0, 0, 0), (0, 0, height), radius=0.09, colour=tint)
    arm = strut((0, 0, height - 0.05), (0, reach, height + 0.15), radius=0.055, colour=tint)
    head = box((0.26, 0.7, 0.14), centre=(0, reach + 0.2, height + 0.14), colour=tint * 0.9)
    return [thing("pole", post), thing("pole", arm, head)]


def bollard(rng: np.random.Generator) -> list[Thing]:
    """A post that keeps cars off the pavement."""
    tint = np.asarray((0.25, 0.25, 0.27)) * rng.uniform(0.7, 1.6)
    return [thing("pole", cylinder(0.08, 1.0, centre=(0, 0, 0.5), colour=tint, segments=8))]


def traffic_light(rng: np.random.Generator) -> list[Thing]:
    """Three lamps in their case on a post, one of them lit."""
    height = float(rng.uniform(2.6, 3.6))
    post = strut((0, 0, 0), (0, 0, height), radius=0.075, colour=np.asarray(STEEL) * rng.uniform(0.5, 1.0))
    case = box((0.3, 0.36, 1.0), centre=(-0.1, 0, height + 0.3), colour=(0.07, 0.08, 0.08))
    lit = int(rng.integers(3))
    lamps = [
        _disc(0.13, (-0.27, 0, height + 0.3 + 0.31 * (1 - i)), _LAMPS[i] * (1.0 if i == lit else 0.22))
        for i in range(3)
    ]
    return [thing("pole", post), thing("traffic light", case, *lamps)]


def sign(rng: np.random.Generator) -> list[Thing]:
    """One of the boards on a post."""
    height = float(rng.uniform(2.2, 2.9))
    post = strut((0, 0, 0), (0, 0, height + 0.3), radius=0.045, colour=STEEL)
    boards = list(BOARDS.values())
    board = boards[int(rng.integers(len(boards)))](float(rng.uniform(0.32, 0.5)))
    meshes = [translate(mesh, (-0.07, 0, height)) for mesh in (_back(board[0]), *board)]
    return [thing("pole", post), thing("traffic sign", *meshes)]


def fence(length: float, rng: np.random.Generator) -> list[Thing]:
    """Pales along x on two rails."""
    height = float(rng.uniform(0.9, 1.7))
    tint = np.asarray(
        [(0.2, 0.25, 0.2), (0.48, 0.38, 0.28), (0.75, 0.74, 0.7), (0.16, 0.16, 0.18)][int(rng.integers(4))]
    )
    gap = float(rng.choice([0.14, 0.22, 0.3]))
    pales = max(2, round(length / gap))
    x = np.linspace(-length / 2, length / 2, 2 * pales + 1)[None]
    z = np.asarray([1.0, 0.9, 0.8, 0.3, 0.2, 0.05])[:, None] * height
    grid = np.stack(np.broadcast_arrays(x, 0.0, z), axis=-1)
    solid = (np.arange(2 * pales) % 2 == 0)[None] | (np.arange(5) % 2 == 1)[:, None]
    texture = np.where((np.arange(5) % 2 == 1)[:, None, None], tint * 0.85, tint) * np.ones((5, 2 * pales, 1))
    return [thing("fence", decal(grid, texture, lift=0, keep=solid, run=64))]


def bin_(rng: np.random.Generator) -> list[Thing]:
    """A bin on wheels."""
    tint = [(0.12, 0.2, 0.13), (0.1, 0.1, 0.11), (0.12, 0.17, 0.35), (0.5, 0.4, 0.08)][int(rng.integers(4))]
    body = box((0.55, 0.6, 0.95), centre=(0, 0, 0.52), colour=tint)
    lid = box((0.6, 0.66, 0.1), centre=(0, 0, 1.04), colour=np.asarray(tint) * 0.8)
    return [thing("static", body, lid, stands=True)]


def bicycle(rng: np.random.Generator) -> list[Thing]:
    """A bicycle on its stand, heading along +x."""
    tint = rng.uniform(0.05, 0.7, 3)
    rear, front, crank, seat, head = ((-0.52, 0.34), (0.54, 0.34), (-0.06, 0.3), (-0.2, 0.85), (0.4, 0.9))
    frame = [(rear, crank), (crank, seat), (crank, head), (seat, head), (rear, seat), (front, head)]
    tubes = [strut((a[0], 0, a[1]), (b[0], 0, b[1]), radius=0.025, colour=tint) for a, b in frame]
    bar = strut((0.38, -0.27, 1.02), (0.38, 0.27, 1.02), radius=0.02, colour=(0.15, 0.15, 0.15))
    stem = strut((0.4, 0, 0.88), (0.38, 0, 1.03), radius=0.02, colour=(0.15, 0.15, 0.15))
    saddle = box((0.26, 0.12, 0.06), centre=(-0.22, 0, 0.92), colour=(0.08, 0.08, 0.08))
    wheels = [part for x, z in (rear, front) for part in _wheel((x, 0, z), 0.33)]
    return [thing("bicycle", *tubes, bar, stem, saddle, *wheels, stands=True)]


def strut(a: Sequence[float], b: Sequence[float], *, radius: float, colour: Colour = STEEL) -> Mesh:
    """A round bar from ``a`` to ``b``."""
    start, end = np.asarray(a, np.float64), np.asarray(b, np.float64)
    along = unit(end - start)
    side = unit(np.cross(along, (0, 1, 0) if abs(along[1]) < 0.9 else (1, 0, 0)))
    turn = np.linspace(0, -2 * np.pi, 8, endpoint=False)[None, :, None]
    ring = radius * (np.cos(turn) * side + np.sin(turn) * np.cross(along, side))
    return surface(np.stack([start, end])[:, None] + ring, colour=colour, around=True)


def _wheel(hub: Sequence[float], radius: float) -> list[Mesh]:
    """A tyre and its spokes in the plane y = 0."""
    turn = np.linspace(0, 2 * np.pi, 15)[:, None, None]
    tilt = np.linspace(0, 2 * np.pi, 5, endpoint=False)[None, :, None]
    out = np.concatenate([np.cos(turn), 0 * turn, np.sin(turn)], -1)
    ring = (radius + 0.028 * np.cos(tilt)) * out + 0.028 * np.sin(tilt) * np.asarray((0, 1, 0)) + np.asarray(hub)
    tyre = surface(ring, colour=(0.06, 0.06, 0.06), around=True)
    rims = [(hub[0] + radius * np.cos(a), hub[1], hub[2] + radius * np.sin(a)) for a in np.arange(8) * np.pi / 4]
    spokes = [strut(hub, rim, radius=0.008, colour=(0.5, 0.5, 0.5)) for rim in rims]
    return [tyre, *spokes]


_LAMPS = np.asarray([(0.95, 0.1, 0.06), (0.95, 0.65, 0.08), (0.1, 0.85, 0.35)])
"""Red, amber, green."""


def _disc(radius: float, centre: Sequence[float], colour: Colour, *, corners: int = 14, turn: float = 0.0) -> Mesh:
    """A flat disc, or a polygon of few corners, that faces -x."""
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False) + np.deg2rad(turn)
    # Rows run outwards, so for who looks from -x, with +y on the left, columns run against the clock.
    rim = np.stack([0 * angle, np.sin(angle), np.cos(angle)], axis=-1) * radius
    grid = np.stack([0 * rim, rim]) + np.asarray(centre)
    return surface(grid, colour=colour, around=True)


def _back(board: Mesh) -> Mesh:
    """The bare metal behind a flat board."""
    return Mesh(board.vertices, -board.normals, board.colours * 0 + 0.5, board.triangles[:, ::-1].copy())


def _limit(radius: float) -> list[Mesh]:
    bar = box((0.004, radius * 0.7, radius * 0.5), centre=(-0.02, 0, 0), colour=(0.1, 0.1, 0.1))
    return [_disc(radius, (0, 0, 0), (0.75, 0.05, 0.05)), _disc(radius * 0.76, (-0.012, 0, 0), (0.92, 0.92, 0.9)), bar]


def _stop(radius: float) -> list[Mesh]:
    bar = box((0.004, radius * 1.1, radius * 0.32), centre=(-0.012, 0, 0), colour=(0.92, 0.92, 0.9))
    return [_disc(radius, (0, 0, 0), (0.72, 0.05, 0.06), corners=8, turn=22.5), bar]


def _warning(radius: float) -> list[Mesh]:
    inner = _disc(radius * 0.62, (-0.012, 0, 0), (0.92, 0.92, 0.88), corners=3)
    return [_disc(radius * 1.15, (0, 0, 0), (0.75, 0.06, 0.06), corners=3), inner]


def _zebra(radius: float) -> list[Mesh]:
    inner = _disc(radius * 0.75, (-0.012, 0, -0.05 * radius), (0.92, 0.92, 0.9), corners=3)
    return [box((0.01, 1.9 * radius, 1.9 * radius), colour=(0.08, 0.2, 0.6)), inner]


def _priority(radius: float) -> list[Mesh]:
    inner = _disc(radius * 0.72, (-0.012, 0, 0), (0.9, 0.68, 0.08), corners=4)
    return [_disc(radius, (0, 0, 0), (0.92, 0.92, 0.9), corners=4), inner]


BOARDS: Mapping[str, Callable[[float], list[Mesh]]] = MappingProxyType(
    {"limit": _limit, "stop": _stop, "warning": _warning, "zebra": _zebra, "priority": _priority}
)
"""The boards of signs: name -> what builds one about its middle."""
