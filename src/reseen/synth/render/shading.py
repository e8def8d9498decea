"""Light on vertices: sun, sky and ground on a matt base under a clear coat that mirrors the street.

V = vertices. All light is linear; colours come in and go out as sRGB.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from reseen.synth.render.mesh import Array, Part, merge, unit

MARKED, PLAIN = 192, 255
"""Alpha codes of the object's pixels; what is under 128 is shadow on the ground."""


class Light(NamedTuple):
    """Where the light comes from and how much of it; red, green and blue are linear, 1 is a well exposed white.

    ``direction`` (3,) points from the object to the sun (or to the brightest lamp).
    """

    direction: Sequence[float]
    sun: Sequence[float] = (0.75, 0.72, 0.66)
    sky: Sequence[float] = (0.42, 0.46, 0.52)
    ground: Sequence[float] = (0.16, 0.15, 0.14)

    @property
    def hardness(self) -> float:
        """How much of a shadow the sun throws, 0 (overcast) to 1 (nothing but sun)."""
        sun = float(np.mean(self.sun)) * max(float(unit(np.asarray(self.direction))[2]), 0.0)
        return sun / (sun + float(np.mean(self.sky)) + 1e-6)


class Model(NamedTuple):
    """Parts as one block of arrays, ready to be lit from any side as often as wanted."""

    vertices: Array
    normals: Array
    albedo: Array
    gloss: Array
    code: npt.NDArray[np.uint8]
    triangles: npt.NDArray[np.int32]


def assemble(parts: Sequence[Part]) -> Model:
    """All parts as one model: linear albedo (V, 3), gloss (V,), alpha code (V,) and the merged geometry."""
    mesh = merge([part.mesh for part in parts])
    counts = [len(part.mesh.vertices) for part in parts]
    gloss = np.repeat(np.asarray([part.gloss for part in parts], np.float32), counts)
    code = np.repeat(np.asarray([MARKED if part.mark else PLAIN for part in parts], np.uint8), counts)
    albedo = np.power(np.clip(mesh.colours, 0, 1), np.float32(2.2))
    return Model(mesh.vertices, mesh.normals, albedo, gloss, code, mesh.triangles)


def shade(model: Model, *, eye: Sequence[float], light: Light) -> npt.NDArray[np.float32]:
    """The (V, 3) linear light that each vertex sends to ``eye`` (3,)."""
    sun_way = unit(np.asarray(light.direction, np.float32))
    sun, sky, ground = (np.asarray(part, np.float32) for part in (light.sun, light.sky, light.ground))
    view = np.asarray(eye, np.float32) - model.vertices
    view /= np.sqrt(np.einsum("vi,vi->v", view, view))[:, None]
    facing = np.einsum("vi,vi->v", model.normals, view)
    lit = np.maximum(model.normals @ sun_way, 0)
    up = 0.5 + 0.5 * model.normals[:, 2]
    light_in = lit[:, None] * sun + up[:, None] * sky + (1 - up)[:, None] * ground
    grazing = np.square(np.square(np.clip(1 - np.abs(facing), 0, 1)))
    coat = model.gloss * (0.05 + 0.75 * grazing)
    mirrored = 2 * facing[:, None] * model.normals - view
    street = _street(mirrored[:, 2])[:, None]
    bright = street * (1.7 * sky + 0.15 * sun) + (1 - street) * ground * 0.8
    wide = np.square(np.square(np.square(np.maximum(mirrored @ sun_way, 0))))
    sharp = np.square(np.square(wide)) * wide
    glint = model.gloss * (0.9 * sharp + 0.16 * wide)
    matt = (1 - coat)[:, None] * model.albedo * light_in
    return np.asarray(matt + coat[:, None] * bright + glint[:, None] * sun)


def to_bytes(linear: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Linear light (any shape), 0..1 and beyond -> sRGB bytes; what is too bright rolls off towards white."""
    steps = np.minimum(linear * (1023 / 1.6), 1023).astype(np.int16)
    return np.asarray(_TONES[steps])


def _street(rise: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """How bright a street looks in direction z: 0 the road, 1 the sky, with the dark band of houses between."""
    return np.asarray(np.clip((rise - 0.05) * 3.0, 0, 1) * 0.85 + np.clip(rise, 0, 1) * 0.15)


def _tone_curve() -> npt.NDArray[np.uint8]:
    linear = np.linspace(0, 1.6, 1024)
    rolled = np.where(linear < 0.7, linear, 0.7 + 0.3 * (1 - np.exp(-(linear - 0.7) / 0.3)))
    return np.round(255 * np.clip(rolled, 0, 1) ** (1 / 2.2)).astype(np.uint8)


_TONES = _tone_curve()
