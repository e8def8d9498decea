"""The crops of a town's boxes: which there are, what part of whom each shows, and in how many pixels."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from reseen.synth.crossing.files import crop_file
from reseen.synth.crossing.gait import Walker, step_of
from reseen.synth.crossing.noise import Detection
from reseen.synth.crossing.scenario import Scenario
from reseen.synth.crossing.watch import Watch
from reseen.synth.vehicle.identity import Vehicle

_THING = 0.8
"""How often a box around nobody shows something that stands beside the street."""
_KEYS = {"vehicle": 5, "person": 7}
"""What the seeds of a kind's crops begin with, after those of the set."""


class Crop(NamedTuple):
    """One box to render.

    ``along`` and ``lane``: where it stands before its camera, metres; ``way`` 1 or -1, as in Sighting. ``window``:
    left, top, right, bottom as shares of the true box. ``pixels``: width and height of the image. ``seed`` of the
    pass and ``number`` of the image in it; ``hidden``: something stands in front; ``step``: of a walker's cycle.
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
    step: int = 0


class CropJob(NamedTuple):
    """A few boxes of one individual, or of nobody (None)."""

    individual: Vehicle | Walker | None
    crops: tuple[Crop, ...]


def crops_of(made: Scenario, *, seed: int, side: int) -> dict[int, list[Crop]]:
    """All crops by individual; those that show nobody stand under -1."""
    crops: dict[int, list[Crop]] = defaultdict(list)
    for found, watch in zip(made.found, made.watches, strict=True):
        for detection in found:
            crops[detection.sighting.individual].append(_crop(detection, watch, seed=seed, side=side))
    return crops


def _crop(detection: Detection, watch: Watch, *, seed: int, side: int) -> Crop:
    own = detection.sighting
    key = (seed, 2, _KEYS[own.kind], own.camera, own.individual + 1, int(own.frames[0]))
    hidden = hidden_frames(
        len(own.frames),
        occlusion=watch.station.occlusion,
        thing=own.individual < 0,
        rng=np.random.default_rng([*key, 3]),
    )
    along = float(own.along[detection.place])
    return Crop(
        file=crop_file(detection),
        camera=own.camera,
        along=along,
        lane=own.lane,
        way=own.way,
        size=own.size,
        window=share_of(detection.box, own.boxes[detection.place]),
        pixels=pixels_of(detection.box, side),
        seed=key,
        number=detection.place,
        hidden=detection.place in hidden,
        step=step_of(own.way * along, height=own.size[2]) if own.kind == "person" else 0,
    )


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


def jobs_of(
    individuals: Sequence[Vehicle | Walker], crops: Mapping[int, Sequence[Crop]], *, batch: int
) -> list[CropJob]:
    """Small jobs, each of one individual; those of -1 show nobody."""
    return [
        CropJob(individuals[number] if number >= 0 else None, tuple(own[start : start + batch]))
        for number, own in sorted(crops.items())
        for start in range(0, len(own), batch)
    ]
