"""What a tracker makes of the true boxes of a kind: misses, jitter, broken and exchanged tracks, boxes of nobody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from reseen.errors import ReseenError
from reseen.synth.crossing.detector import DETECTORS, FRAME, clip, visible
from reseen.synth.crossing.watch import Sighting, Watch, project


@dataclass(frozen=True)
class TrackerNoise:
    """How much a tracker errs; all 0: its tracks are the truth.

    ``fragments``: share of passes that are broken into two tracks. ``switches``: share of the pairs of passes, seen
    by a camera at the same time, that exchange their tracks. ``false_tracks``: short tracks of street and things
    beside it, as a share of the passes. ``jitter``: standard deviation of each edge of a box, as a share of the box's
    size. ``missed``: share of boxes that are missing.
    """

    fragments: float = 0.15
    switches: float = 0.1
    false_tracks: float = 0.1
    jitter: float = 0.03
    missed: float = 0.05

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0 <= value <= 1:
                raise ReseenError(f"{field.name}: a share from 0 to 1, got {value}")


class Detection(NamedTuple):
    """One box of a track: its place in the ``sighting`` that it belongs to, and the box in whole pixels."""

    sighting: Sighting
    place: int
    track: int
    box: tuple[int, int, int, int]
    confidence: float

    @property
    def frame(self) -> int:
        """The frame's number, from 1."""
        return int(self.sighting.frames[self.place])


def follow(
    watch: Watch,
    passes: Sequence[Sighting],
    noise: TrackerNoise,
    *,
    rng: np.random.Generator,
    kind: str = "vehicle",
    first: int = 1,
) -> list[Detection]:
    """The tracks of one kind in one camera; numbers from ``first`` in the order in which tracks begin."""
    tracks = [[(sighting, place) for place in _kept(sighting, noise, rng)] for sighting in passes]
    tracks = _exchanged(tracks, noise.switches, rng)
    tracks = [part for track in tracks for part in _broken(track, noise.fragments, rng)]
    last = max((int(sighting.frames[-1]) for sighting in passes), default=1)
    for _ in range(int(rng.binomial(len(passes), noise.false_tracks))):
        ghost = _ghost(watch, kind, last=last, rng=rng)
        tracks.append([(ghost, place) for place in range(len(ghost.frames))])
    tracks = sorted((track for track in tracks if track), key=lambda track: int(track[0][0].frames[track[0][1]]))
    found = []
    for number, track in enumerate(tracks, start=first):
        for sighting, place in track:
            box = whole_box(sighting.boxes[place], noise.jitter, rng)
            found.append(Detection(sighting, place, number, box, _confidence(sighting, box, rng)))
    return found


def whole_box(box: np.ndarray, jitter: float, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """(4,) left, top, right, bottom -> left, top, width, height in whole pixels, inside the frame."""
    size = np.asarray([box[2] - box[0], box[3] - box[1]] * 2)
    moved = clip((box + jitter * size * rng.normal(0, 1, 4))[None])[0]
    left, top, right, bottom = (round(float(edge)) for edge in moved)
    left, top = min(left, FRAME[0] - 8), min(top, FRAME[1] - 8)
    return left, top, max(right - left, 8), max(bottom - top, 8)


_Track = list[tuple[Sighting, int]]


def _kept(sighting: Sighting, noise: TrackerNoise, rng: np.random.Generator) -> list[int]:
    kept = [place for place in range(len(sighting.frames)) if rng.random() >= noise.missed]
    return kept or [0]


def _broken(track: _Track, share: float, rng: np.random.Generator) -> list[_Track]:
    if len(track) < 6 or rng.random() >= share:
        return [track]
    cut = int(rng.integers(2, len(track) - 3))
    lost = int(rng.integers(0, 3))
    return [track[:cut], track[min(cut + lost, len(track) - 1) :]]


def _exchanged(tracks: list[_Track], share: float, rng: np.random.Generator) -> list[_Track]:
    """From a frame that both have, two tracks go on with each other's boxes; each track at most once."""
    done: set[int] = set()
    tracks = list(tracks)
    for one in range(len(tracks)):
        for other in range(one + 1, len(tracks)):
            if {one, other} & done:
                continue
            common = sorted(_frames(tracks[one]) & _frames(tracks[other]))
            if len(common) < 3 or rng.random() >= share:
                continue
            moment = int(rng.choice(common[1:-1]))
            first, second = tracks[one], tracks[other]
            tracks[one] = [*_part(first, moment, late=False), *_part(second, moment, late=True)]
            tracks[other] = [*_part(second, moment, late=False), *_part(first, moment, late=True)]
            done |= {one, other}
    return tracks


def _frames(track: _Track) -> set[int]:
    return {int(sighting.frames[place]) for sighting, place in track}


def _part(track: _Track, moment: int, *, late: bool) -> _Track:
    return [(sighting, place) for sighting, place in track if (sighting.frames[place] >= moment) == late]


def _ghost(watch: Watch, kind: str, *, last: int, rng: np.random.Generator) -> Sighting:
    """A few frames of a box around nobody, which hardly moves."""
    least = DETECTORS[kind].least
    while True:
        length, width, height = (float(rng.uniform(*sides)) for sides in _GHOSTS[kind])
        size = (length, width, height)
        lane = float(rng.choice([-1, 1]) * rng.uniform(3, 9))
        along = np.full(int(rng.integers(2, 9)), float(rng.uniform(10, 32)))
        boxes = project(watch, along, lane=lane, size=size)
        if visible(boxes, least=least).all() and (boxes[:, 3] - boxes[:, 1] > 1.2 * least).all():
            break
    first = int(rng.integers(1, max(2, last - len(along))))
    return Sighting(-1, watch.number, np.arange(first, first + len(along)), boxes, along, lane, 1, size, kind)


_GHOSTS: Mapping[str, tuple[tuple[float, float], ...]] = MappingProxyType(
    {"vehicle": ((0.8, 3.5), (0.8, 2.0), (1.0, 2.0)), "person": ((0.3, 0.8), (0.4, 0.8), (1.4, 2.0))}
)
"""What a detector takes for one of a kind: ranges of its length, width and height, metres."""


def _confidence(sighting: Sighting, box: tuple[int, int, int, int], rng: np.random.Generator) -> float:
    if sighting.individual < 0:
        return round(float(rng.uniform(0.3, 0.65)), 3)
    return round(float(np.clip(0.6 + 0.35 * min(1.0, box[3] / 150) + rng.normal(0, 0.04), 0.3, 0.99)), 3)
