"""One image of a street with its label map: things by the rasteriser, ground and sky along each pixel's ray.

H, W = rows and columns of the image; everything is drawn at twice the size and averaged down. P = pixels of ground.
"""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
from PIL import Image

from reseen.synth.render.mesh import Array
from reseen.synth.render.renderer import Camera
from reseen.synth.render.shading import Light, Model, shade, to_bytes
from reseen.synth.render.stage import Stage
from reseen.synth.scene.labels import LABELS
from reseen.synth.scene.roadway import ground_at, make_grain
from reseen.synth.scene.shadows import Lightmap, lightmap
from reseen.synth.scene.sky import Air, hazed, sky
from reseen.synth.scene.street import Street
from reseen.synth.scene.thing import Thing

CODE = 7
"""A label id times this is the alpha code of its pixels: what blends at an edge rounds to no other class."""
NEAR, FAR = 0.4, 400.0
"""What the rasteriser draws, metres ahead of the camera."""

Labels = npt.NDArray[np.uint8]


class SceneShot(NamedTuple):
    """``image`` (H, W, 3) 0..255 before any sensor, ``labels`` (H, W) Cityscapes ids."""

    image: Array
    labels: Labels


class View(NamedTuple):
    """What is looked at: the street in its light and air, through a camera."""

    street: Street
    camera: Camera
    light: Light
    air: Air


class Photographer:
    """Takes images of ``size`` (H, W); close it, or use it in a ``with``."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._stage = Stage(2 * size[0], 2 * size[1])
        self._grain = make_grain()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the buffer back."""
        self._stage.close()

    def shoot(self, view: View) -> SceneShot:
        """The image and the label of each of its pixels."""
        fine, codes = self._things(view)
        behind = self._behind(view, codes == 0)
        image = np.where((codes > 0)[..., None], fine, behind.image)
        labels = np.where(codes > 0, np.round(codes / CODE).astype(np.uint8), behind.labels)
        small = Image.fromarray(image).reduce(2)
        return SceneShot(np.asarray(small, np.float32), labels[1::2, 1::2])

    def _things(self, view: View) -> tuple[Labels, Labels]:
        """(2H, 2W, 3) bytes of what stands on the ground, and the codes (2H, 2W); 0 where nothing does."""
        camera = view.camera
        solids = []
        for model, label in _merged(_visible(view.street.things, camera)):
            light = shade(model, eye=camera.eye, light=view.light)
            away = np.sqrt(np.square(model.vertices - np.asarray(camera.eye, np.float32)).sum(axis=1))
            solid = self._stage.add(count=len(model.vertices), triangles=model.triangles)
            code = np.full(len(away), CODE * label, np.uint8)
            solid.fill(model.vertices, to_bytes(hazed(light, away, light=view.light, air=view.air)), code)
            solids.append(solid)
        eye, target, window = ([float(value) for value in part] for part in (camera.eye, camera.target, camera.window))
        self._stage.aim(eye, target, window=window, near=NEAR, far=FAR)
        data = self._stage.take()
        for solid in solids:
            solid.remove()
        whole = np.frombuffer(data, np.uint8).reshape(2 * self._size[0], 2 * self._size[1], 4)[::-1]
        return whole[..., 2::-1], whole[..., 3]

    def _behind(self, view: View, open_: npt.NDArray[np.bool_]) -> SceneShot:
        """Ground and sky (2H, 2W) where nothing stands before them."""
        directions = _rays(view.camera, open_.shape)[open_]
        below = directions[:, 2] < -1e-3
        colours = np.empty((len(directions), 3), np.uint8)
        labels = np.full(len(directions), LABELS["sky"], np.uint8)
        above = directions[~below]
        way = above / np.linalg.norm(above, axis=1, keepdims=True)
        turn = np.arctan2(way[:, 1], way[:, 0])
        colours[~below] = to_bytes(sky(way[:, 2], turn, light=view.light, air=view.air))
        shadows = lightmap(view.street.things, view.light)
        colours[below], labels[below] = self._ground(view, directions[below], shadows)
        image, ids = np.zeros((*open_.shape, 3), np.uint8), np.zeros(open_.shape, np.uint8)
        image[open_], ids[open_] = colours, labels
        return SceneShot(image, ids)

    def _ground(self, view: View, directions: Array, shadows: Lightmap) -> tuple[Labels, Labels]:
        """(P, 3) rays that go down -> the bytes (P, 3) and label ids (P,) of where they end."""
        eye, light = np.asarray(view.camera.eye, np.float32), view.light
        far = -eye[2] / directions[:, 2]
        x, y = eye[0] + far * directions[:, 0], eye[1] + far * directions[:, 1]
        distance = far * np.linalg.norm(directions, axis=1)
        ground = ground_at(x, y, roadway=view.street.roadway, grain=self._grain)
        sun, air = shadows.at(x, y)
        upright = max(float(light.direction[2]), 0.0)
        falls = sun[:, None] * np.asarray(light.sun, np.float32) * upright + air[:, None] * np.asarray(
            light.sky, np.float32
        )
        lit = ground.albedo ** np.float32(2.2) * falls
        return to_bytes(hazed(lit.astype(np.float32), distance, light=light, air=view.air)), ground.labels


def _visible(things: Sequence[Thing], camera: Camera) -> list[Thing]:
    """Those with some part in front of the camera and inside its window's sides."""
    left, _, right, _ = camera.window
    shown = []
    for thing in things:
        seen = (thing.model.vertices - np.asarray(camera.eye, np.float32)) @ camera.axes.T
        ahead = seen[seen[:, 1] > NEAR]
        if len(ahead) and (ahead[:, 0] > left * ahead[:, 1]).any() and (ahead[:, 0] < right * ahead[:, 1]).any():
            shown.append(thing)
    return shown


def _merged(things: Sequence[Thing]) -> list[tuple[Model, int]]:
    """One model a class, so that few solids are put on the stage."""
    merged = []
    for label in sorted({thing.label for thing in things}):
        models = [thing.model for thing in things if thing.label == label]
        offsets = np.cumsum([0, *(len(model.vertices) for model in models[:-1])])
        faces = [model.triangles + offset for model, offset in zip(models, offsets, strict=True)]
        places, normals, albedo, gloss, code = (np.concatenate([model[i] for model in models]) for i in range(5))
        whole = Model(places, normals, albedo, gloss, code, np.concatenate(faces).astype(np.int32))
        merged.append((whole, label))
    return merged


def _rays(camera: Camera, shape: tuple[int, ...]) -> Array:
    """(2H, 2W, 3): the direction of each pixel, of length one along the camera's axis."""
    left, bottom, right, top = camera.window
    rows, columns = shape
    u = left + (np.arange(columns, dtype=np.float32) + 0.5) / columns * (right - left)
    w = top - (np.arange(rows, dtype=np.float32) + 0.5) / rows * (top - bottom)
    across, ahead, up = camera.axes
    return np.asarray(ahead + u[None, :, None] * across + w[:, None, None] * up, np.float32)
