"""The street behind the object: tiles of ground and of house fronts, seen along the camera's own rays.

The road runs along x; the tiles repeat every TILE metres. H, W = rows and columns of the image.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from reseen.synth.render.mesh import Array
from reseen.synth.render.renderer import Camera

TILE = 32.0
"""Length of the tiles along the road, metres."""
REACH = 16.0
"""Half the width of the ground's tile, metres; house fronts stand there at the latest."""
TALL = 12.0
"""Height of the house fronts, metres."""

Bytes = npt.NDArray[np.uint8]


class StreetTiles(NamedTuple):
    """The tiles of one station: ``ground`` (x along, y across, 3), ``front`` (x along, z up, 3), and the sky.

    ``wall``: how far from the road's middle the fronts stand, metres, on the left and on the right.
    """

    ground: Bytes
    front: Bytes
    sky: Bytes
    wall: tuple[float, float]


def look(
    street: StreetTiles, camera: Camera, size: tuple[int, int], *, shift: tuple[float, float], turn: float
) -> Bytes:
    """(H, W, 3) the empty street; the object stands ``shift`` (along, across) metres on it, ``turn`` radians askew."""
    left, bottom, right, top = camera.window
    rows, columns = size
    u = np.linspace(left, right, columns, dtype=np.float32)[None]
    w = np.linspace(top, bottom, rows, dtype=np.float32)[:, None]
    cos, sin = np.cos(turn), np.sin(turn)
    spin = np.asarray([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]], np.float32)
    across, ahead, up = camera.axes @ spin.T
    x, y, z = (ahead[i] + u * across[i] + w * up[i] for i in range(3))
    eye = spin @ np.asarray(camera.eye, np.float32) + np.asarray([*shift, 0], np.float32)
    down = np.minimum(z, -1e-4)
    far = -eye[2] / down
    ground_y = eye[1] + far * y
    beyond = (z > -1e-4) | (ground_y > street.wall[0]) | (ground_y < -street.wall[1])
    ground = _pick(street.ground, eye[0] + far * x, share=(ground_y + REACH) / (2 * REACH), skip=beyond)
    if not beyond.any():
        return ground
    wall = np.where(y > 0, street.wall[0], -street.wall[1])
    near = np.clip((wall - eye[1]) / np.where(np.abs(y) < 1e-3, np.where(y < 0, -1e-3, 1e-3), y), 0, 400)
    rise = (eye[2] + near * z) / TALL
    front = _pick(street.front, eye[0] + near * x, share=rise, skip=rise >= 1)
    image = np.where(beyond[..., None], front, ground)
    return np.where((beyond & (rise >= 1))[..., None], street.sky, image)


def _pick(tile: Bytes, x: Array, *, share: Array, skip: npt.NDArray[np.bool_]) -> Bytes:
    """Nearest texels of a tile that repeats along x; ``share`` 0..1 runs along its second axis."""
    along, deep = tile.shape[:2]
    i = np.floor(np.where(skip, 0, x * (along / TILE))).astype(np.int32) % along
    j = np.where(skip, 0, np.clip(share, 0, 0.999) * deep).astype(np.int32)
    return np.asarray(tile.reshape(-1, 3)[i * deep + j])
