"""The crops of a town's boxes, rendered: each vehicle and person from where its camera really stands."""

from collections.abc import Hashable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from reseen.files import UNFINISHED
from reseen.synth.crossing.crops import Crop, CropJob
from reseen.synth.crossing.gait import Walker, stepping
from reseen.synth.crossing.watch import Watch
from reseen.synth.person.figure import build as build_person
from reseen.synth.render.mesh import Array
from reseen.synth.render.occlude import occluder
from reseen.synth.render.renderer import Camera, RenderedObject, Renderer, assemble
from reseen.synth.render.shading import Light, Model
from reseen.synth.render.shot import compose, develop
from reseen.synth.render.street import StreetTiles, look
from reseen.synth.vehicle.build import VehicleState
from reseen.synth.vehicle.build import build as build_vehicle
from reseen.synth.vehicle.identity import Vehicle
from reseen.synth.vehicle.paving import pave

_LAMPS_OFF = 0.1
"""How often a vehicle drives without lamps where the light calls for them."""


class CropSettings(NamedTuple):
    """The settings that all crops share; small enough to be sent to the workers. ``walked``: streets have pavements."""

    root: Path
    side: int
    watches: tuple[Watch, ...]
    walked: bool = False


class CropStudio:
    """One process's renderers, with the streets and the lights that it has met so far."""

    def __init__(self, order: CropSettings) -> None:
        self._order = order
        self._renderers: dict[tuple[int, int], Renderer] = {}
        self._streets: dict[int, StreetTiles] = {}
        self._lights: dict[tuple[int, int], Light] = {}

    def close(self) -> None:
        """Give the renderers back."""
        for renderer in self._renderers.values():
            renderer.close()

    def take(self, job: CropJob) -> int:
        """Render and write all crops of the job; how many they are."""
        built: dict[Hashable, Model] = {}
        for crop in job.crops:
            self._one(job.individual, crop, built)
        return len(job.crops)

    def _one(self, individual: Vehicle | Walker | None, crop: Crop, built: dict[Hashable, Model]) -> None:
        watch = self._order.watches[crop.camera]
        station = watch.station
        light = self._light(crop)
        size = self._size(individual)
        model = None if individual is None else self._model(individual, crop, built)
        camera = _aim(watch, crop, model.vertices if model and isinstance(individual, Vehicle) else _block(crop.size))
        seen = _nothing(size) if model is None else self._renderer(size).draw(model, camera, light)
        turn = 0.0 if crop.way > 0 else float(np.pi)
        behind = look(self._street(crop.camera), camera, size, shift=(crop.along, crop.lane), turn=turn)
        veil = None
        if crop.hidden:
            bright = min(1.0, float(np.mean(light.sky) + 0.5 * np.mean(light.sun)) ** 0.45)
            veil = occluder(size, brightness=bright, rng=np.random.default_rng([*crop.seed, 1]))
        rng = np.random.default_rng([*crop.seed, 2, crop.number])
        image = develop(compose(seen, behind, veil), station.sensor, rng)
        _save(image.resize(crop.pixels, Image.Resampling.LANCZOS), self._order.root / crop.file, station.sensor.quality)

    def _size(self, individual: Vehicle | Walker | None) -> tuple[int, int]:
        """(H, W) in which a crop is rendered before it gets its own size: persons are twice as tall as wide."""
        side = self._order.side
        return (side, side // 2) if isinstance(individual, Walker) else (side, side)

    def _renderer(self, size: tuple[int, int]) -> Renderer:
        if size not in self._renderers:
            self._renderers[size] = Renderer(size)
        return self._renderers[size]

    def _model(self, individual: Vehicle | Walker, crop: Crop, built: dict[Hashable, Model]) -> Model:
        if isinstance(individual, Walker):
            if crop.step not in built:
                built[crop.step] = assemble(build_person(individual.person, stepping(individual.state, crop.step)))
            return built[crop.step]
        dark = self._order.watches[crop.camera].station.lamps_on
        lamps = dark and bool(np.random.default_rng(crop.seed).random() >= _LAMPS_OFF)
        if lamps not in built:
            built[lamps] = assemble(build_vehicle(individual, VehicleState(lamps_on=lamps)))
        return built[lamps]

    def _street(self, camera: int) -> StreetTiles:
        if camera not in self._streets:
            station = self._order.watches[camera].station
            self._streets[camera] = pave(
                station.street, light=station.light, seed=station.seed, walked=self._order.walked
            )
        return self._streets[camera]

    def _light(self, crop: Crop) -> Light:
        """The camera's light as it falls on who goes this way; one object each, as the renderer asks."""
        key = (crop.camera, crop.way)
        if key not in self._lights:
            light = self._order.watches[crop.camera].station.light
            x, y, z = light.direction
            self._lights[key] = light._replace(direction=(x * crop.way, y * crop.way, z))
        return self._lights[key]


def _aim(watch: Watch, crop: Crop, points: Array) -> Camera:
    """The camera's eye as the individual has it, and the window that the box cuts out of what holds ``points``."""
    eye = np.asarray(watch.pose.eye) - np.asarray([crop.along, crop.lane, 0.0])
    eye[:2] *= crop.way
    camera = Camera([float(value) for value in eye], (0.0, 0.0, crop.size[2] / 2))
    seen = camera.project(points)
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


def _nothing(size: tuple[int, int]) -> RenderedObject:
    empty = np.zeros(size, np.float32)
    return RenderedObject(np.zeros((*size, 3), np.float32), empty, empty, None)


def _save(image: Image.Image, path: Path, quality: int) -> None:
    """Whole or not at all, so that a stopped run can go on."""
    draft = path.with_name(f"{path.name}{UNFINISHED}")
    image.save(draft, format="JPEG", quality=quality)
    draft.replace(path)
