"""The crops of a town's boxes, rendered: each vehicle from where its camera really stands."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from reseen.files import UNFINISHED
from reseen.synth.crossing.watch import Watch
from reseen.synth.render.mesh import Array
from reseen.synth.render.occlude import occluder
from reseen.synth.render.renderer import Camera, RenderedObject, Renderer, assemble
from reseen.synth.render.shading import Light, Model
from reseen.synth.render.shot import compose, develop
from reseen.synth.render.street import StreetTiles, look
from reseen.synth.vehicle.build import VehicleState, build
from reseen.synth.vehicle.identity import Vehicle
from reseen.synth.vehicle.paving import pave

_LAMPS_OFF = 0.1
"""How often a vehicle drives without lamps where the light calls for them."""
_THING = 0.8
"""How often a box around no vehicle shows something that stands beside the street."""


class Crop(NamedTuple):
    """One box to render.

    ``along`` and ``lane``: where it stands before its camera, metres; ``way`` 1 or -1, as in Sighting. ``window``:
    left, top, right, bottom as shares of the true box. ``pixels``: width and height of the image. ``seed`` of the
    pass and ``number`` of the image in it; ``hidden``: something stands in front.
    """

    file: str
    camera: int
    along: float
    lane: float
    way: int
    size: tuple[float, float, float]
    window: tuple[float, float, float, float]
    pixels: tuple[int, int]
    seed: tuple[int, ...]
    number: int
    hidden: bool


class CropJob(NamedTuple):
    """A few boxes of one vehicle, or of none (None)."""

    vehicle: Vehicle | None
    crops: tuple[Crop, ...]


class CropSettings(NamedTuple):
    """The settings that all crops share; small enough to be sent to the workers."""

    root: Path
    side: int
    watches: tuple[Watch, ...]


class CropStudio:
    """One process's renderer, with the streets and the lights that it has met so far."""

    def __init__(self, order: CropSettings) -> None:
        self._order = order
        self._renderer = Renderer((order.side, order.side))
        self._streets: dict[int, StreetTiles] = {}
        self._lights: dict[tuple[int, int], Light] = {}

    def close(self) -> None:
        """Give the renderer back."""
        self._renderer.close()

    def take(self, job: CropJob) -> int:
        """Render and write all crops of the job; how many they are."""
        built: dict[bool, Model] = {}
        for crop in job.crops:
            self._one(job.vehicle, crop, built)
        return len(job.crops)

    def _one(self, vehicle: Vehicle | None, crop: Crop, built: dict[bool, Model]) -> None:
        watch, side = self._order.watches[crop.camera], self._order.side
        station = watch.station
        light = self._light(crop)
        model = None
        if vehicle is not None:
            lamps = station.lamps_on and bool(np.random.default_rng(crop.seed).random() >= _LAMPS_OFF)
            if lamps not in built:
                built[lamps] = assemble(build(vehicle, VehicleState(lamps_on=lamps)))
            model = built[lamps]
        camera = _aim(watch, crop, model)
        seen = _nothing(side) if model is None else self._renderer.draw(model, camera, light)
        turn = 0.0 if crop.way > 0 else float(np.pi)
        behind = look(self._street(crop.camera), camera, (side, side), shift=(crop.along, crop.lane), turn=turn)
        veil = None
        if crop.hidden:
            bright = min(1.0, float(np.mean(light.sky) + 0.5 * np.mean(light.sun)) ** 0.45)
            veil = occluder((side, side), brightness=bright, rng=np.random.default_rng([*crop.seed, 1]))
        rng = np.random.default_rng([*crop.seed, 2, crop.number])
        image = develop(compose(seen, behind, veil), station.sensor, rng)
        _save(image.resize(crop.pixels, Image.Resampling.LANCZOS), self._order.root / crop.file, station.sensor.quality)

    def _street(self, camera: int) -> StreetTiles:
        if camera not in self._streets:
            station = self._order.watches[camera].station
            self._streets[camera] = pave(station.street, light=station.light, seed=station.seed)
        return self._streets[camera]

    def _light(self, crop: Crop) -> Light:
        """The camera's light as it falls on a vehicle that goes this way; one object each, as the renderer asks."""
        key = (crop.camera, crop.way)
        if key not in self._lights:
            light = self._order.watches[crop.camera].station.light
            x, y, z = light.direction
            self._lights[key] = light._replace(direction=(x * crop.way, y * crop.way, z))
        return self._lights[key]


def _aim(watch: Watch, crop: Crop, model: Model | None) -> Camera:
    """The camera's eye as the vehicle has it, and the window that the box cuts out."""
    eye = np.asarray(watch.pose.eye) - np.asarray([crop.along, crop.lane, 0.0])
    eye[:2] *= crop.way
    camera = Camera([float(value) for value in eye], (0.0, 0.0, crop.size[2] / 2))
    seen = camera.project(_block(crop.size) if model is None else model.vertices)
    low, high = ([float(end(seen[:, axis])) for axis in (0, 1)] for end in (np.min, np.max))
    left, top, right, bottom = crop.window
    wide, tall = high[0] - low[0], high[1] - low[1]
    return camera._replace(
        window=(low[0] + left * wide, high[1] - bottom * tall, low[0] + right * wide, high[1] - top * tall)
    )


def _block(size: tuple[float, float, float]) -> Array:
    """(8, 3) the corners of a block of this length, width and height."""
    sides = [(-size[0] / 2, size[0] / 2), (-size[1] / 2, size[1] / 2), (0.0, size[2])]
    return np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1).reshape(8, 3).astype(np.float32)


def _nothing(side: int) -> RenderedObject:
    empty = np.zeros((side, side), np.float32)
    return RenderedObject(np.zeros((side, side, 3), np.float32), empty, empty, None)


def _save(image: Image.Image, path: Path, quality: int) -> None:
    """Whole or not at all, so that a stopped run can go on."""
    draft = path.with_name(f"{path.name}{UNFINISHED}")
    image.save(draft, format="JPEG", quality=quality)
    draft.replace(path)


def hidden_frames(count: int, *, occlusion: float, thing: bool, rng: np.random.Generator) -> range:
    """The places in a pass of ``count`` frames at which something stands in front."""
    if thing:
        return range(count if rng.random() < _THING else 0)
    if rng.random() >= 2 * occlusion:
        return range(0)
    length = max(1, round(count * float(rng.uniform(0.2, 0.6))))
    start = int(rng.integers(0, count - length + 1))
    return range(start, start + length)


def share_of(box: tuple[int, int, int, int], true: np.ndarray) -> tuple[float, float, float, float]:
    """A box (left, top, width, height) as shares of the true one (left, top, right, bottom)."""
    wide, tall = float(true[2] - true[0]), float(true[3] - true[1])
    left, top = (box[0] - float(true[0])) / wide, (box[1] - float(true[1])) / tall
    return left, top, left + box[2] / wide, top + box[3] / tall


def pixels_of(box: tuple[int, int, int, int], side: int) -> tuple[int, int]:
    """The width and height of a box's image: the box's own, as far as ``side`` allows.

    >>> pixels_of((0, 0, 300, 150), 100), pixels_of((0, 0, 40, 30), 100)
    ((100, 50), (40, 30))
    """
    scale = min(1.0, side / max(box[2], box[3]))
    return max(8, round(box[2] * scale)), max(8, round(box[3] * scale))


def jobs_of(vehicles: Sequence[Vehicle], crops: Mapping[int, Sequence[Crop]], *, batch: int) -> list[CropJob]:
    """Small jobs, each of one vehicle; those of -1 show none."""
    return [
        CropJob(vehicles[vehicle] if vehicle >= 0 else None, tuple(own[start : start + batch]))
        for vehicle, own in sorted(crops.items())
        for start in range(0, len(own), batch)
    ]
