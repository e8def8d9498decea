"""What a camera sees of a trip: the boxes of a vehicle or person, frame by frame, in pixels of the camera's frame.

A camera's street runs along +x where the camera looks, which hangs above x = 0; y is to the left, z up, metres.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from reseen.synth.crossing.detector import DETECTORS, FRAME, Floats, visible
from reseen.synth.crossing.town import Post, Town
from reseen.synth.crossing.trips import Leg
from reseen.synth.render.renderer import Camera
from reseen.synth.render.station import Station
from reseen.synth.vehicle.paving import STREETS

_CAR_PARK = (7.5, 10.0)
"""Where people cross a car park, metres from its middle: behind its lanes."""


class Watch(NamedTuple):
    """One camera: its number from 0, place in the town, looks, pose, and when its first frame was (seconds)."""

    number: int
    post: Post
    station: Station
    pose: Camera
    focal: float
    start: float


class Sighting(NamedTuple):
    """One individual passing one camera.

    ``individual``: its number, -1 for a box around nobody. ``frames`` (B,) numbers from 1, ``boxes`` (B, 4) left, top,
    right, bottom, which may reach out of the frame, ``along`` (B,) metres ahead of the camera; ``lane`` metres to the
    left of the street's middle; ``way`` 1 for who goes as the camera looks, else -1; ``size`` length, width, height.
    """

    individual: int
    camera: int
    frames: npt.NDArray[np.int64]
    boxes: Floats
    along: Floats
    lane: float
    way: int
    size: tuple[float, float, float]
    kind: str = "vehicle"


def draw_watch(number: int, post: Post, station: Station, *, rng: np.random.Generator) -> Watch:
    """A camera on a pole beside its street, or above it, that looks down the street."""
    layout = STREETS[station.street]
    beside = float(rng.uniform(0.3, 1.0)) * min(layout.road + 1, 8.0) * float(rng.choice([-1, 1]))
    target = (float(rng.uniform(18, 26)), 0.25 * beside, 0.8)
    focal = FRAME[0] / (2 * np.tan(np.deg2rad(float(rng.uniform(44, 58))) / 2))
    start = round(float(rng.uniform(0, 3)), 3)
    return Watch(number, post, station, Camera((0.0, beside, station.height), target), float(focal), start)


class Passer(NamedTuple):
    """A vehicle or person as cameras see it: its number, its length, width and height, metres, and its kind."""

    individual: int
    size: tuple[float, float, float]
    kind: str = "vehicle"


class Recording(NamedTuple):
    """Frames a second of all cameras, and when the last frame is, seconds."""

    rate: float
    seconds: float


def sight(
    watch: Watch, town: Town, leg: Leg, *, passer: Passer, recording: Recording, rng: np.random.Generator
) -> Sighting | None:
    """The boxes of an individual on one leg of its trip; None where the camera does not see it twice."""
    street, post = town.streets[leg.street], watch.post
    way = leg.way * post.facing
    lane = _pavement(watch.station, leg, post.facing) if leg.side else _lane(watch.station, way, rng)
    leaves = min(leg.start + min(street.length, leg.leaves) / leg.speed, recording.seconds)
    rate, size, detector = recording.rate, passer.size, DETECTORS[passer.kind]
    first = max(1, int(np.ceil((leg.start + leg.enters / leg.speed - watch.start) * rate)))
    frames = np.arange(first, int((leaves - watch.start) * rate) + 1, dtype=np.int64)
    driven = leg.speed * (watch.start + frames / rate - leg.start)
    at = driven if leg.way > 0 else street.length - driven
    along = post.facing * (at - post.along)
    near = (along > 0.6 * size[0]) & (along < detector.reach)
    frames, along = frames[near], along[near]
    if not len(frames):
        return None
    boxes = project(watch, along, lane=lane, size=size)
    seen = visible(boxes, least=detector.least)
    if seen.sum() < 2:
        return None
    return Sighting(
        passer.individual, watch.number, frames[seen], boxes[seen], along[seen], lane, way, size, passer.kind
    )


def _lane(station: Station, way: int, rng: np.random.Generator) -> float:
    """Who drives as the camera looks keeps to the right."""
    lanes = [lane for lane in station.lanes if lane * way < 0] or [-1.75 * way]
    return float(rng.choice(lanes) + rng.normal(0, 0.25))


def _pavement(station: Station, leg: Leg, facing: int) -> float:
    """Where across the street, as the camera sees it, the leg's pavement is walked on."""
    layout = STREETS[station.street]
    kerb = layout.road + 0.22
    near, far = _CAR_PARK if station.street == "car_park" else (kerb + 0.35, kerb + layout.pavement - 0.35)
    return facing * leg.side * (near + leg.across * (far - near))


def project(watch: Watch, along: Floats, *, lane: float, size: tuple[float, float, float]) -> Floats:
    """(B,) places along the street -> (B, 4) boxes around what stands there, ``size`` length, width, height."""
    half = np.asarray([size[0] / 2, size[1] / 2])
    corners = [(x, y, z) for x in (-half[0], half[0]) for y in (-half[1], half[1]) for z in (0.0, size[2])]
    points = np.asarray(corners)[None] + np.stack([along, np.full_like(along, lane), 0 * along], axis=1)[:, None]
    seen = watch.pose.project(points.reshape(-1, 3).astype(np.float32)).reshape(len(along), 8, 3)
    depth = np.where(seen[..., 2] > 0.5, 1.0, np.nan)
    across = FRAME[0] / 2 + watch.focal * seen[..., 0] * depth
    down = FRAME[1] / 2 - watch.focal * seen[..., 1] * depth
    return np.stack([across.min(1), down.min(1), across.max(1), down.max(1)], axis=1).astype(np.float64)
