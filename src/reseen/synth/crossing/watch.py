"""What a camera sees of a trip: the boxes of a vehicle, frame by frame, in pixels of the camera's frame.

A camera's street runs along +x where the camera looks, which hangs above x = 0; y is to the left, z up, metres.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from reseen.synth.crossing.town import Post, Town
from reseen.synth.crossing.trips import Leg
from reseen.synth.render.renderer import Camera
from reseen.synth.render.station import Station
from reseen.synth.vehicle.paving import STREETS

FRAME = (1280, 720)
"""Width and height of every camera's frame, pixels."""
REACH = 55.0
"""Metres ahead of the camera beyond which nothing is detected."""
LEAST = 28.0
"""The least height of a box, pixels."""
_SHOWN = 0.6
"""The share of a box that must lie in the frame."""

Floats = npt.NDArray[np.float64]


class Watch(NamedTuple):
    """One camera: its number from 0, place in the town, looks, pose, and when its first frame was (seconds)."""

    number: int
    post: Post
    station: Station
    pose: Camera
    focal: float
    start: float


class Sighting(NamedTuple):
    """One vehicle passing one camera.

    ``frames`` (B,) numbers from 1, ``boxes`` (B, 4) left, top, right, bottom, which may reach out of the frame,
    ``along`` (B,) metres ahead of the camera; ``lane`` metres to the left of the street's middle; ``way`` 1 where the
    vehicle drives as the camera looks, else -1; ``size`` length, width, height.
    """

    vehicle: int
    camera: int
    frames: npt.NDArray[np.int64]
    boxes: Floats
    along: Floats
    lane: float
    way: int
    size: tuple[float, float, float]


def draw_watch(number: int, post: Post, station: Station, *, rng: np.random.Generator) -> Watch:
    """A camera on a pole beside its street, or above it, that looks down the street."""
    layout = STREETS[station.street]
    beside = float(rng.uniform(0.3, 1.0)) * min(layout.road + 1, 8.0) * float(rng.choice([-1, 1]))
    target = (float(rng.uniform(18, 26)), 0.25 * beside, 0.8)
    focal = FRAME[0] / (2 * np.tan(np.deg2rad(float(rng.uniform(44, 58))) / 2))
    start = round(float(rng.uniform(0, 3)), 3)
    return Watch(number, post, station, Camera((0.0, beside, station.height), target), float(focal), start)


class Passer(NamedTuple):
    """A vehicle as cameras see it: its number, and its length, width and height, metres."""

    vehicle: int
    size: tuple[float, float, float]


class Recording(NamedTuple):
    """Frames a second of all cameras, and when the last frame is, seconds."""

    rate: float
    seconds: float


def sight(
    watch: Watch, town: Town, leg: Leg, *, passer: Passer, recording: Recording, rng: np.random.Generator
) -> Sighting | None:
    """The boxes of a vehicle on one leg of its trip; None where the camera does not see it twice."""
    street, post = town.streets[leg.street], watch.post
    way = leg.way * post.facing
    lane = _lane(watch.station, way, rng)
    leaves = min(leg.start + street.length / leg.speed, recording.seconds)
    rate, size = recording.rate, passer.size
    first = max(1, int(np.ceil((leg.start - watch.start) * rate)))
    frames = np.arange(first, int((leaves - watch.start) * rate) + 1, dtype=np.int64)
    driven = leg.speed * (watch.start + frames / rate - leg.start)
    at = driven if leg.way > 0 else street.length - driven
    along = post.facing * (at - post.along)
    near = (along > 0.6 * size[0]) & (along < REACH)
    frames, along = frames[near], along[near]
    if not len(frames):
        return None
    boxes = project(watch, along, lane=lane, size=size)
    seen = visible(boxes)
    if seen.sum() < 2:
        return None
    return Sighting(passer.vehicle, watch.number, frames[seen], boxes[seen], along[seen], lane, way, size)


def _lane(station: Station, way: int, rng: np.random.Generator) -> float:
    """Who drives as the camera looks keeps to the right."""
    lanes = [lane for lane in station.lanes if lane * way < 0] or [-1.75 * way]
    return float(rng.choice(lanes) + rng.normal(0, 0.25))


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


def visible(boxes: Floats) -> npt.NDArray[np.bool_]:
    """(B, 4) -> (B,) whether enough of each box lies in the frame, and is large enough."""
    inside = clip(boxes)
    share = _area(inside) / np.maximum(_area(boxes), 1e-9)
    return np.asarray((share >= _SHOWN) & (inside[:, 3] - inside[:, 1] >= LEAST))


def clip(boxes: Floats) -> Floats:
    """Boxes (B, 4) inside the frame."""
    limits = np.asarray([FRAME[0], FRAME[1]] * 2, np.float64)
    return np.asarray(np.clip(boxes, 0, limits))


def _area(boxes: Floats) -> Floats:
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))
