"""Times of two sightings: the gap between them, and what that gap excludes.

n, m = sightings of two cameras. The gap is the time from when the one that was seen earlier ended to when the other
began; it is negative where both were seen at once.
"""

from typing import NamedTuple

import numpy as np

from reseen.metrics.array_types import Bools, Float32, Float64


class Times(NamedTuple):
    """(n,) begin and end, in seconds."""

    begin: Float64
    end: Float64


class Gaps(NamedTuple):
    """(n, m) seconds, and whether the first of the two was seen earlier."""

    seconds: Float32
    forward: Bools


class Limits(NamedTuple):
    """Shortest and longest seconds from the first camera to the second, and from the second to the first."""

    shortest: float = -np.inf
    longest: float = np.inf
    shortest_back: float = -np.inf
    longest_back: float = np.inf


def gaps(first: Times, second: Times) -> Gaps:
    """(n,), (m,) -> (n, m); of n pairs give (n, 1) and (1, m) or equal shapes."""
    forward = first.begin + first.end <= second.begin + second.end
    seconds = np.where(forward, second.begin - first.end, first.begin - second.end)
    return Gaps(seconds.astype(np.float32), np.asarray(forward, dtype=np.bool_))


def possible(between: Gaps, limits: Limits, *, same_camera: bool, direct: bool = True) -> Bools:
    """Whether two sightings may be of one individual; ``direct``: linked to each other, not through a third."""
    seconds, forward = between
    allowed = seconds >= np.where(forward, np.float32(limits.shortest), np.float32(limits.shortest_back))
    if direct:
        allowed &= seconds <= np.where(forward, np.float32(limits.longest), np.float32(limits.longest_back))
    if same_camera:
        allowed &= seconds >= 0
    return np.asarray(allowed, dtype=np.bool_)
