"""Taking the pictures of a plan: what one worker process does, and the pool of them."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from reseen.data.processes import usable_workers
from reseen.data.synth.layouts import LAYOUTS, mask_name
from reseen.data.synth.plan import Shot
from reseen.data.synth.renderer import Renderer, assemble
from reseen.data.synth.shading import Model
from reseen.data.synth.shot import draw_pass, snap
from reseen.data.synth.station import Station
from reseen.data.synth.street import Street
from reseen.data.synth.subject import SUBJECTS

Progress = Callable[[int, int], None]
BATCH = 32
"""Pictures that a worker takes before it reports."""


class Order(NamedTuple):
    """What is the same for all pictures of a set; small enough to be sent to the workers."""

    kind: str
    root: Path
    size: tuple[int, int]
    stations: tuple[Station, ...]
    seed: tuple[int, ...]
    masks: bool


class Job(NamedTuple):
    """A few pictures of one identity."""

    identity: Any
    shots: tuple[Shot, ...]


class Studio:
    """One process's renderer and the streets that it has paved so far."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._subject = SUBJECTS[order.kind]()
        self._renderer = Renderer(order.size)
        self._streets: dict[int, Street] = {}

    def close(self) -> None:
        """Give the renderer back."""
        self._renderer.close()

    def take(self, job: Job) -> list[tuple[int, int]]:
        """All pictures of the job, written; (place, view) of each."""
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
        taken.picture.save(order.root / file, quality=station.sensor.quality)
        if taken.marks is not None:
            Image.fromarray(taken.marks).save(order.root / "masks" / mask_name(file))
        return taken.view

    def _street(self, station: Station) -> Street:
        if station.number not in self._streets:
            self._streets[station.number] = self._subject.lay_out(
                station.street, light=station.light, seed=station.seed
            )
        return self._streets[station.number]


def jobs(identities: Sequence[Any], shots: Sequence[Shot]) -> list[Job]:
    """The plan in small jobs, each of one identity, so that its model is built once or twice."""
    of: dict[int, list[Shot]] = {}
    for shot in shots:
        of.setdefault(shot.identity, []).append(shot)
    return [
        Job(identities[place], tuple(own[start : start + BATCH]))
        for place, own in of.items()
        for start in range(0, len(own), BATCH)
    ]


def take_all(order: Order, work: Sequence[Job], *, workers: int, progress: Progress) -> dict[int, int]:
    """All pictures; place -> view. ``progress`` is called here, never in a worker, with done and total."""
    total = sum(len(job.shots) for job in work)
    views: dict[int, int] = {}
    progress(0, total)
    workers = usable_workers(workers)
    for taken in _here(order, work) if workers <= 1 else _spread(order, work, workers):
        views.update(taken)
        progress(len(views), total)
    return views


def _here(order: Order, work: Sequence[Job]) -> Iterator[list[tuple[int, int]]]:
    studio = Studio(order)
    try:
        yield from map(studio.take, work)
    finally:
        studio.close()


def _spread(order: Order, work: Sequence[Job], workers: int) -> Iterator[list[tuple[int, int]]]:
    # A forked renderer would share its parent's buffers, so workers start afresh.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(work)), mp_context=context, initializer=partial(_open, order))
    try:
        for future in as_completed([pool.submit(_take, job) for job in work]):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


_STUDIO: list[Studio] = []
"""The worker process's own studio: opened once by the pool, then used by every job."""


def _open(order: Order) -> None:
    _STUDIO[:] = [Studio(order)]


def _take(job: Job) -> list[tuple[int, int]]:
    return _STUDIO[0].take(job)
