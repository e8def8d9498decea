"""The surface of a body: outlines stacked from its lower edge to its upper one, each a rectangle with rounded corners.

A shell is a function of ``turn`` (radians around, 0 at the nose, left at pi/2) and ``level`` (0 lower edge .. 1 upper
edge). The lower body and the greenhouse of a vehicle are one shell each; so is a cargo box.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reseen.synth.render.mesh import Array, Colour, Mesh, merge, surface

Knots = Sequence[tuple[float, float]]
Numbers = float | npt.NDArray[np.floating]


@dataclass(frozen=True)
class Shell:
    """Knots are (place, value) pairs, joined by straight lines.

    ``front``, ``rear`` (x, metres) and ``half`` (half width, metres) over the level; ``low`` and ``high`` (z) over x.
    ``nose`` and ``tail`` are the powers of the rounded outline: 4 a round nose, 20 a box.
    """

    front: Knots
    rear: Knots
    half: Knots
    low: Knots
    high: Knots
    nose: float = 5.0
    tail: float = 7.0

    @property
    def middle(self) -> float:
        """The x where the front and the rear half of the outline meet."""
        return (min(value for _, value in self.front) + max(value for _, value in self.rear)) / 2

    def around(self, turn: Numbers, level: Numbers) -> Array:
        """(...), (...) -> (..., 3): the point at ``turn`` and ``level``."""
        angle, t = np.broadcast_arrays(np.asarray(turn, float), np.asarray(level, float))
        c, s = np.cos(angle), np.sin(angle)
        reach, power = self._reach(c, t)
        x = self.middle + np.sign(c) * reach * np.abs(c) ** (2 / power)
        y = np.sign(s) * _along(self.half, t) * np.abs(s) ** (2 / power)
        return self._raise(x, y, t)

    def side(self, x: Numbers, level: Numbers, *, left: bool = True) -> Array:
        """(...), (...) -> (..., 3): the point of the left or right flank at ``x``."""
        place, t = np.broadcast_arrays(np.asarray(x, float), np.asarray(level, float))
        reach, power = self._reach(place - self.middle, t)
        share = np.clip(np.abs(place - self.middle) / reach, 0, 0.999)
        y = _along(self.half, t) * (1 - share**power) ** (1 / power)
        return self._raise(place, y if left else -y, t)

    def end(self, y: Numbers, level: Numbers, *, front: bool = True) -> Array:
        """(...), (...) -> (..., 3): the point of the front or rear at ``y``."""
        place, t = np.broadcast_arrays(np.asarray(y, float), np.asarray(level, float))
        way = 1.0 if front else -1.0
        reach, power = self._reach(np.full(place.shape, way), t)
        share = np.clip(np.abs(place) / _along(self.half, t), 0, 0.999)
        return self._raise(self.middle + way * reach * (1 - share**power) ** (1 / power), place, t)

    def flank(self, x: Numbers, z: Numbers, *, left: bool = True) -> Array:
        """(...), (...) -> (..., 3): the point of the flank at ``x`` and height ``z``."""
        low, high = _along(self.low, x), _along(self.high, x)
        return self.side(x, np.clip((np.asarray(z) - low) / (high - low), 0, 1), left=left)

    def face(self, y: Numbers, z: Numbers, *, front: bool = True) -> Array:
        """(...), (...) -> (..., 3): the point of the front or rear at ``y`` and height ``z``."""
        x = self.middle + (1 if front else -1) * 0.97 * abs(self.edge(0.5, front=front) - self.middle)
        low, high = _along(self.low, x), _along(self.high, x)
        return self.end(y, np.clip((np.asarray(z) - low) / (high - low), 0, 1), front=front)

    def edge(self, level: float, *, front: bool = True) -> float:
        """The x of the nose or of the tail at ``level``."""
        return float(_along(self.front if front else self.rear, level))

    def deck(self, x: Numbers, y: Numbers, *, crown: float = 0.05) -> Array:
        """(...), (...) -> (..., 3): the point of the upper side, as ``lid`` makes it."""
        place, across = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
        edge = np.maximum(self.side(place, np.ones_like(place))[..., 1], 0.05)
        z = _along(self.high, place) + crown * self._swell(place) * (1 - np.clip(across / edge, -1, 1) ** 2)
        return np.stack([place, across, z], axis=-1).astype(np.float32)

    def turn_at(self, share: float, *, front: bool = True) -> float:
        """The turn on the left at which y is ``share`` of the half width."""
        turn = float(np.arcsin(share ** ((self.nose if front else self.tail) / 2)))
        return turn if front else np.pi - turn

    def turn_behind(self, back: float, *, front: bool = True) -> float:
        """The turn on the left that lies ``back`` metres behind the nose (or ahead of the tail)."""
        reach = abs(self.edge(0.5, front=front) - self.middle)
        turn = float(np.arccos((1 - back / reach) ** ((self.nose if front else self.tail) / 2)))
        return turn if front else np.pi - turn

    def top(self, x: Numbers) -> npt.NDArray[np.float64]:
        """The height of the upper edge at ``x``."""
        return _along(self.high, x)

    def wall(self, levels: Sequence[float], *, count: int, colours: Colour) -> Mesh:
        """The stacked outlines as a mesh; ``colours`` (3,) or one row per level (L, 3)."""
        turn = self._turns(count)
        t = np.asarray(levels, float)[::-1, None]
        shade = np.asarray(colours, np.float32)
        rows = np.broadcast_to(shade[::-1, None] if shade.ndim == 2 else shade, (len(levels), len(turn), 3))
        return surface(self.around(turn[None], t), colour=rows, around=True)

    def lid(self, *, count: int, crown: float, colour: Colour, across: int = 9) -> Mesh:
        """The upper side, ``crown`` metres higher along its middle than at its edges."""
        turn = self._turns(count)
        half = turn[: len(turn) // 2 + 1]
        edge = self.around(half, np.ones_like(half))
        s = np.linspace(1, -1, across)
        grid = np.repeat(edge[:, None, :], across, axis=1)
        grid[..., 1] = edge[:, None, 1] * s
        grid[..., 2] += crown * (1 - s**2) * self._swell(edge[:, None, 0])
        return surface(grid, colour=colour)

    def floor(self, *, count: int, colour: Colour) -> Mesh:
        """The flat underside."""
        turn = self._turns(count)
        edge = self.around(turn[: len(turn) // 2 + 1], np.zeros(len(turn) // 2 + 1))
        mirrored = edge * np.asarray([1, -1, 1])
        return surface(np.stack([mirrored, edge], axis=1), colour=colour)

    def _swell(self, x: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """How much of the crown there is at ``x``: none at either end, all of it 60 cm inside."""
        inside = np.minimum(self.edge(1.0) - x, x - self.edge(1.0, front=False)) / 0.6
        share = np.clip(inside, 0, 1)
        return np.asarray(share * (2 - share))

    def _reach(self, way: npt.NDArray[np.float64], t: npt.NDArray[np.float64]) -> tuple[Array, Array]:
        ahead = way >= 0
        reach = np.where(ahead, _along(self.front, t) - self.middle, self.middle - _along(self.rear, t))
        return reach, np.where(ahead, self.nose, self.tail)

    def _raise(self, x: Numbers, y: Numbers, t: Numbers) -> Array:
        low, high = _along(self.low, x), _along(self.high, x)
        return np.stack([np.asarray(x), np.asarray(y), low + (high - low) * t], axis=-1).astype(np.float32)

    def _turns(self, count: int) -> npt.NDArray[np.float64]:
        """Turns spread by length with some more at the corners; the same on the left and on the right."""
        fine = np.linspace(0, np.pi, 721)
        line = self.around(fine, np.full_like(fine, 0.5))[:, :2].astype(np.float64)
        length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
        place = 0.7 * length / length[-1] + 0.3 * fine / np.pi
        half = np.interp(np.linspace(0, 1, count // 2 + 1), place, fine)
        return np.concatenate([half, 2 * np.pi - half[-2:0:-1]])


def pane(points: Array, *, colour: Colour, lift: float = 0.006) -> Mesh:
    """A skin over a grid of points (R, C, 3), ``lift`` metres outside of them."""
    skin = surface(points, colour=colour)
    return skin._replace(vertices=skin.vertices + np.float32(lift) * skin.normals)


def mirrored(mesh: Mesh) -> Mesh:
    """The same on the other side of the vehicle."""
    flip = np.asarray([1, -1, 1], np.float32)
    faces = np.ascontiguousarray(mesh.triangles[:, ::-1])
    return Mesh(mesh.vertices * flip, mesh.normals * flip, mesh.colours, faces)


def both(mesh: Mesh) -> Mesh:
    """The mesh and its mirror image."""
    return merge([mesh, mirrored(mesh)])


def _along(knots: Knots, place: Numbers) -> npt.NDArray[np.float64]:
    places, values = zip(*knots, strict=True)
    return np.asarray(np.interp(place, places, values))
