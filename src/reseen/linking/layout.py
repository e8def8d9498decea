"""Layout: sightings sorted by camera and time, with the windows between cameras as arrays."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from reseen.linking.clock import Limits, Times
from reseen.linking.sightings import Sightings
from reseen.linking.topology import Window
from reseen.metrics.array_types import Float32, Float64, Int64


class Layout(NamedTuple):
    """K sightings in the order of cameras, then of time.

    ``order`` (K,): the row of each in what was given; ``camera`` (K,) numbers; ``starts`` (C + 1,) where each
    camera's begin; ``shortest`` and ``longest`` (C, C) seconds from one camera to another.
    """

    order: Int64
    names: tuple[str, ...]
    camera: Int64
    starts: Int64
    begin: Float64
    end: Float64
    vectors: Float32
    shortest: Float64
    longest: Float64

    def rows(self, camera: int) -> slice:
        """The rows of a camera."""
        return slice(int(self.starts[camera]), int(self.starts[camera + 1]))

    def times(self, rows: slice | Int64) -> Times:
        """When these were seen."""
        return Times(self.begin[rows], self.end[rows])

    def limits(self, first: int, second: int) -> Limits:
        """The windows between two cameras."""
        return Limits(
            self.shortest[first, second],
            self.longest[first, second],
            self.shortest[second, first],
            self.longest[second, first],
        )


def lay_out(sightings: Sightings, vectors: Float32, windows: Iterable[Window]) -> Layout:
    """Sort sightings; ``vectors`` (K, D) are theirs, corrected."""
    names, camera = np.unique(sightings.cameras, return_inverse=True)
    order = np.lexsort((sightings.begin, camera))
    counts = np.bincount(camera, minlength=len(names))
    bounds = bounds_of(tuple(names.tolist()), windows)
    origin = float(sightings.begin.min(initial=np.inf)) if len(sightings) else 0.0
    return Layout(
        order=order,
        names=tuple(names.tolist()),
        camera=camera[order].astype(np.int64),
        starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        begin=sightings.begin[order] - origin,
        end=sightings.end[order] - origin,
        vectors=np.ascontiguousarray(vectors[order]),
        shortest=bounds.shortest,
        longest=bounds.longest,
    )


class Bounds(NamedTuple):
    """(C, C) seconds."""

    shortest: Float64
    longest: Float64


def bounds_of(names: tuple[str, ...], windows: Iterable[Window]) -> Bounds:
    """Windows as arrays; infinite where there is none."""
    shape = (len(names), len(names))
    bounds = Bounds(np.full(shape, -np.inf), np.full(shape, np.inf))
    places = {name: place for place, name in enumerate(names)}
    for window in windows:
        place = places[window.origin], places[window.target]
        bounds.shortest[place], bounds.longest[place] = window.shortest, window.longest
    return bounds
