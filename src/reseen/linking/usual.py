"""Usual times: how much more often a gap stands among links than among pairs at large, over all ways together.

A town of few tracks teaches no way by itself, but all its ways together; what they share is what a single way is taken
to be until its own links say otherwise. Pairs at large are counted, not drawn. Gaps within one camera (a track that
broke, an individual that came back) and gaps between cameras are two kinds. E = pairs, B = bins.
"""

from typing import NamedTuple

import numpy as np

from reseen.linking.layout import Layout
from reseen.metrics.array_types import Bools, Float64, Int64

_BINS = 40
_SHORTEST = 0.25
"""Seconds at which the second bin begins; from there on each bin is longer than the one before by the same factor."""
_PRIOR = 6.0
"""Links, spread as pairs at large are, that are added to those found."""
_PARTS = 10
_BREAK = 3.0
"""Seconds for which a tracker may lose an individual, where the tracks do not tell."""
_MOST = 5.0
"""Nats."""


class Large(NamedTuple):
    """``edges`` (B,) seconds from 0; ``share`` (2, B + 1) of pairs at large in each bin, across cameras and within one.

    The first bin is of two that were in view at once.
    """

    edges: Float64
    share: Float64

    def bins(self, seconds: Float64) -> Int64:
        """(E,) gaps -> (E,) bins."""
        return bins_of(self.edges, seconds)


class Usual(NamedTuple):
    """``nats`` (2, B + 1) of evidence for the gaps of each bin, between cameras and within one."""

    edges: Float64
    nats: Float64

    def evidence(self, seconds: Float64, same: Bools) -> Float64:
        """(E,) gaps and whether they are of one camera -> (E,) nats."""
        return np.asarray(self.nats[same.astype(np.int64), bins_of(self.edges, seconds)], dtype=np.float64)

    def longest_break(self) -> float:
        """Seconds up to which two tracks of one camera are one that was broken: where their evidence ends."""
        against = np.flatnonzero(self.nats[1, 1:] <= 0)
        if not len(against) or against[0] == 0:
            return _BREAK
        return float(np.clip(self.edges[against[0]], _SHORTEST, 10 * _BREAK))


def bins_of(edges: Float64, seconds: Float64) -> Int64:
    """(E,) gaps -> (E,) bins; 0 below 0."""
    return np.minimum(np.searchsorted(edges, seconds, side="right"), len(edges) - 1)


def at_large(layout: Layout) -> Large:
    """Count the gaps of all pairs of sightings."""
    span = float(layout.end.max() - layout.begin.min())
    edges = np.concatenate([[0.0], np.geomspace(_SHORTEST, max(span, 2 * _SHORTEST), _BINS)])
    total = _counts(layout, slice(None), edges)
    within = sum(
        (_counts(layout, layout.rows(camera), edges) for camera in range(len(layout.names))), np.zeros(_BINS + 1)
    )
    across = np.maximum(total - within, 0)
    within[0] = 0  # two tracks of one camera at once are never candidates
    counts = np.stack([across, within]) + 0.25
    return Large(edges, counts / counts.sum(axis=1, keepdims=True))


def learned(large: Large, bins: Int64, *, likely: Float64, within: bool) -> Float64:
    """(E,) bins of pairs of one kind, and how likely each is right -> (B + 1,) nats."""
    share = _smooth(large.share[int(within)])
    found = np.bincount(bins, weights=likely, minlength=_BINS + 1).astype(np.float64)
    links = _smooth(_without_large(found, large.share[int(within)]))
    density = (links + _PRIOR * share) / share * share.sum() / (links.sum() + _PRIOR * share.sum())
    return np.asarray(np.clip(np.log(density), -_MOST, _MOST), dtype=np.float64)


def _without_large(links: Float64, share: Float64) -> Float64:
    """Links without those that are spread as pairs at large: the least that any tenth of these has."""
    tenth = np.minimum((np.cumsum(share) - share / 2) * _PARTS, _PARTS - 1).astype(np.int64)
    parts = np.bincount(tenth, weights=links, minlength=_PARTS)
    shares = np.bincount(tenth, weights=share, minlength=_PARTS)
    full = shares > 0.5 / _PARTS
    return np.maximum(links - float((parts[full] / shares[full]).min()) * share, 0.0)


def _counts(layout: Layout, rows: slice, edges: Float64) -> Float64:
    """(B + 1,) pairs of these sightings by their gap: in view at once, then those of each bin."""
    begin, end = np.sort(layout.begin[rows]), np.sort(layout.end[rows])
    below = [float(np.searchsorted(begin, end + edge, side="left").sum()) for edge in edges]
    apart = np.diff(below)
    return np.concatenate([[max(len(begin) * (len(begin) - 1) / 2 - apart.sum(), 0.0)], apart])


def _smooth(values: Float64) -> Float64:
    """A bin also stands for its neighbours; that of pairs in view at once stands for itself."""
    padded = np.pad(values[1:], 2, mode="edge")
    return np.concatenate([values[:1], np.convolve(padded, np.array([1, 2, 3, 2, 1]) / 9, mode="valid")])
