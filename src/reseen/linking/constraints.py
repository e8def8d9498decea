"""Which pairs of sightings cannot be of one individual, whatever they look like.

E = pairs of sightings.
"""

from typing import NamedTuple

import numpy as np

from reseen.linking.clock import gaps
from reseen.linking.evidence import Evidence
from reseen.linking.layout import Layout
from reseen.metrics.array_types import Bools, Float64, Int64


class Constraints(NamedTuple):
    """``longest_break``: seconds between two tracks of a camera from which the individual would have come back."""

    layout: Layout
    longest_break: float

    def allowed_evidence(self, evidence: Evidence, first: Int64, second: Int64) -> Float64:
        """(E,) nats; -inf for pairs that cannot be."""
        may = self.may_be_one(first, second) & ~self.came_back(first, second)
        return np.where(may, evidence.of(first, second), -np.inf)

    def came_back(self, first: Int64, second: Int64) -> Bools:
        """(E,) whether both are of one camera, so far apart in time that the individual would have come back."""
        layout = self.layout
        apart = gaps(layout.times(first), layout.times(second)).seconds > self.longest_break
        return np.asarray(apart & (layout.camera[first] == layout.camera[second]), dtype=np.bool_)

    def may_be_one(self, first: Int64, second: Int64) -> Bools:
        """(E,) whether the time between them suffices for the way, and they do not overlap in one camera."""
        layout = self.layout
        between = gaps(layout.times(first), layout.times(second))
        cameras = layout.camera[first], layout.camera[second]
        least = np.where(between.forward, layout.shortest[cameras], layout.shortest[cameras[::-1]])
        same = cameras[0] == cameras[1]
        return np.asarray((between.seconds >= least) & (~same | (between.seconds >= 0)), dtype=np.bool_)
