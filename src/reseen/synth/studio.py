"""Rendering the shots of a plan: in one worker process, and in all of them together."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from reseen.progress import ProgressCallback
from reseen.synth.kinds import SUBJECTS
from reseen.synth.layouts import LAYOUTS, mask_name
from reseen.synth.plan import Shot
from reseen.synth.render.pool import work_through
from reseen.synth.render.renderer import Renderer, assemble
from reseen.synth.render.shading import Model
from reseen.synth.render.shot import draw_pass, snap
from reseen.synth.render.station import Station
from reseen.synth.render.street import StreetTiles

BATCH = 32
"""Images that a worker renders before it reports."""


class RenderSettings(NamedTuple):
    """The settings that all images of a set share; small enough to be sent to the workers."""

    kind: str
    root: Path
    size: tuple[int, int]
    stations: tuple[Station, ...]
    seed: tuple[int, ...]
    masks: bool


class Job(NamedTuple):
    """A few shots of one identity."""

    identity: Any
    shots: tuple[Shot, ...]


class Studio:
    """One process's renderer, with the streets that it has laid out so far."""

    def __init__(self, order: RenderSettings) -> None:
        self._order = order
        self._subject = SUBJECTS[order.kind]
        self._renderer = Renderer(order.size)
        self._streets: dict[int, StreetTiles] = {}

    def close(self) -> None:
        """Give the renderer back."""
        self._renderer.close()

    def take(self, job: Job) -> list[tuple[int, int]]:
        """Render and write all images of the job; (place, view) of each."""
        built: dict[Any, Model] = {}
        return [(shot.place, self._one(job.identity, shot, built)) for shot in job.shots]

    def _one(self, identity: Any, shot: Shot, built: dict[Any, Model]) -> int:
        order = self._order
        station = order.stations[shot.camera - 1]
        rng = np.random.default_rng([*order.seed, 3, shot.place])
        state = self._subject.draw_state(station, rng)
        if state not in built:
            built[state] = assemble(self._subject.build(identity, state))
        taken = snap(
            self._renderer,
            built[state],
            station=station,
            street=self._street(station),
            going=draw_pass(station, np.random.default_rng(shot.track)),
            size=order.size,
            rng=rng,
            masks=order.masks,
        )
        file = LAYOUTS[self._subject.layout].file(shot)
        taken.image.save(order.root / file, quality=station.sensor.quality)
        if taken.marks is not None:
            Image.fromarray(taken.marks).save(order.root / "masks" / mask_name(file))
        return taken.view

    def _street(self, station: Station) -> StreetTiles:
        if station.number not in self._streets:
            self._streets[station.number] = self._subject.lay_out(
                station.street, light=station.light, seed=station.seed
            )
        return self._streets[station.number]


def jobs(identities: Sequence[Any], shots: Sequence[Shot]) -> list[Job]:
    """Small jobs, each of one identity, so that its model is built once or twice."""
    of: dict[int, list[Shot]] = {}
    for shot in shots:
        of.setdefault(shot.identity, []).append(shot)
    return [
        Job(identities[place], tuple(own[start : start + BATCH]))
        for place, own in of.items()
        for start in range(0, len(own), BATCH)
    ]


def take_all(order: RenderSettings, work: Sequence[Job], *, workers: int, progress: ProgressCallback) -> dict[int, int]:
    """Render all jobs; place -> view. ``progress`` is called in this process."""
    total = sum(len(job.shots) for job in work)
    views: dict[int, int] = {}
    progress(0, total)
    for taken in work_through(partial(Studio, order), work, workers=workers):
        views.update(taken)
        progress(len(views), total)
    return views
