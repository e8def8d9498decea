"""Models to images: panda3d's software renderer off screen, twice the wanted size, averaged down.

H, W = rows and columns of the image asked for. Each vertex is lit here (shading.py); panda3d only fills triangles.
Its alpha channel carries a code: the object, its marks, or the depth of the shadow on the ground.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
from PIL import Image

from reseen.synth.render.mesh import Array, Part
from reseen.synth.render.shading import Light, Model, assemble, shade, to_bytes
from reseen.synth.render.shadow import CELLS, Shadow, ground_faces, ground_shadow
from reseen.synth.render.stage import Solid, Stage

__all__ = ["Camera", "Light", "RenderedObject", "Renderer", "assemble", "frame"]


class Camera(NamedTuple):
    """A pinhole at ``eye`` (3,) that looks at ``target`` (3,), metres.

    ``window`` (left, bottom, right, top): the part of the image plane one metre ahead that is shown, x right, y up.
    """

    eye: Sequence[float]
    target: Sequence[float]
    window: Sequence[float] = (-0.3, -0.3, 0.3, 0.3)

    @property
    def axes(self) -> Array:
        """The rows right, forward, up (3, 3) of the camera."""
        x, y, z = (float(b) - float(a) for a, b in zip(self.eye, self.target, strict=True))
        flat, far = math.hypot(x, y), math.hypot(x, y, z)
        right = (y / flat, -x / flat, 0.0)
        up = (-x * z / (flat * far), -y * z / (flat * far), flat / far)
        return np.asarray([right, (x / far, y / far, z / far), up], np.float32)

    def project(self, points: Array) -> Array:
        """(V, 3) -> (V, 3): right and up on the image plane, and the depth in metres."""
        seen = (points - np.asarray(self.eye, np.float32)) @ self.axes.T
        return np.stack([seen[:, 0] / seen[:, 1], seen[:, 2] / seen[:, 1], seen[:, 1]], axis=1)


class RenderedObject(NamedTuple):
    """One object without its background, H rows from the top, W columns.

    ``rgb`` (H, W, 3) sRGB 0..1, already multiplied by ``alpha`` (H, W), the share of the pixel that is object;
    ``shadow`` (H, W) how much of the ground's light is taken away, 0..1; ``marks`` (H, W) bool, or None.
    """

    rgb: Array
    alpha: Array
    shadow: Array
    marks: npt.NDArray[np.bool_] | None


def frame(
    points: Array,
    *,
    eye: Sequence[float],
    target: Sequence[float],
    aspect: float,
    stretch: float = 1.0,
    margin: float = 0.06,
    shift: Sequence[float] = (0.0, 0.0),
) -> Camera:
    """A camera whose window holds all ``points`` (V, 3), as a detector's box would.

    ``aspect`` = width / height of the image; the window's own may differ by the factor ``stretch`` (>= 1) either
    way, as when boxes are resized. ``margin`` and ``shift`` (right, up) are shares of the box's size.
    """
    camera = Camera(eye, target)
    seen = camera.project(points)
    # Column by column: far faster than axis=0 on a tall thin array.
    low = np.asarray([seen[:, axis].min() for axis in (0, 1)])
    high = np.asarray([seen[:, axis].max() for axis in (0, 1)])
    size = (high - low) * (1 + 2 * margin)
    centre = (low + high) / 2 + np.asarray(shift) * size
    shape = np.clip(size[0] / size[1], aspect / stretch, aspect * stretch)
    size = np.maximum(size, [size[1] * shape, size[0] / shape])
    window = (*(centre - size / 2), *(centre + size / 2))
    return camera._replace(window=tuple(float(edge) for edge in window))


class Renderer:
    """Renders images of ``size`` (H, W); close it, or use it in a ``with``."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._stage = Stage(2 * size[0], 2 * size[1])
        self._model: Model | None = None
        self._solid: Solid | None = None
        self._light: Light | None = None
        self._shadow: Shadow | None = None
        self._ground = self._stage.add(count=CELLS * CELLS, triangles=ground_faces())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the buffer back."""
        self._stage.close()

    def render(self, parts: Sequence[Part], camera: Camera, light: Light, *, masks: bool = False) -> RenderedObject:
        """The object as ``camera`` sees it under ``light``; ``masks`` asks for the marks' pixels too."""
        return self.draw(assemble(parts), camera, light, masks=masks)

    def draw(self, model: Model, camera: Camera, light: Light, *, masks: bool = False) -> RenderedObject:
        """The same for parts that are already assembled; cheaper for one model and one light after another."""
        solid, shadow = self._put(model), self._cast(model, light)
        solid.fill(model.vertices, to_bytes(shade(model, eye=camera.eye, light=light)), model.code)
        depth = np.concatenate([camera.project(points)[:, 2] for points in (model.vertices, shadow.points)])
        self._stage.aim(
            [float(value) for value in camera.eye],
            [float(value) for value in camera.target],
            window=[float(value) for value in camera.window],
            near=max(float(depth.min()) * 0.98, 0.05),
            far=float(depth.max()) * 1.02,
        )
        return _read(self._stage.take(), self._size, masks=masks)

    def _put(self, model: Model) -> Solid:
        if self._solid is None or self._model is not model:
            if self._solid is not None:
                self._solid.remove()
            self._solid = self._stage.add(count=len(model.vertices), triangles=model.triangles)
            self._model, self._light = model, None
        return self._solid

    def _cast(self, model: Model, light: Light) -> Shadow:
        if self._shadow is None or self._light is not light:
            self._shadow, self._light = ground_shadow(model.vertices, light), light
            black = np.zeros((len(self._shadow.points), 3), np.uint8)
            self._ground.fill(self._shadow.points, black, self._shadow.depth)
        return self._shadow


def _read(data: bytes, size: tuple[int, int], *, masks: bool) -> RenderedObject:
    """The stage's bytes at twice ``size`` (H, W) -> the averaged image."""
    fine = (2 * size[1], 2 * size[0])
    whole = Image.frombuffer("RGBA", fine, data, "raw", "BGRA", 0, -1)
    code = whole.getchannel("A")
    alpha = _mean_of(code, _SOLID)
    # Only the part of a pixel that is ground says how dark its ground is.
    depth = np.minimum(_mean_of(code, _SHADE) / np.maximum(1 - alpha, np.float32(0.25)), 1)
    marks = _mean_of(code, _MARKS) >= 0.5 if masks else None
    image = Image.frombuffer("RGB", fine, data, "raw", "BGRX", 0, -1).reduce(2)
    return RenderedObject(np.asarray(image, np.float32) / np.float32(255), alpha, depth, marks)


_SOLID = [255 * (code >= 128) for code in range(256)]
_SHADE = [round(code * 255 / 127) if code < 128 else 0 for code in range(256)]
_MARKS = [255 * (128 <= code < 224) for code in range(256)]


def _mean_of(code: Image.Image, levels: list[int]) -> Array:
    """(2H, 2W) codes -> (H, W) 0..1: the mean over each block of four of what ``levels`` makes of a code."""
    return np.asarray(code.point(levels).reduce(2), np.float32) / np.float32(255)
