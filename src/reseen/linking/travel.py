"""Travel times: learned from confident links, as a histogram for each way from one camera to another.

E = pairs of sightings, B = bins. The evidence of a gap is the log of how much more often it stands among the links than
among pairs at large; few links say little, by the weight of ``_PRIOR`` links that are spread as those of all ways
together are (`usual.py`).
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from reseen.linking.clock import gaps
from reseen.linking.layout import Layout
from reseen.linking.topology import Window
from reseen.linking.usual import Usual
from reseen.metrics.array_types import Float64, Int64

_BINS = 48
_PRIOR = 4.0
_FEWEST = 4.0
"""Confident links from which a way is learned."""
_WINDOW_FROM = 12.0
"""Links from which a window is drawn, within which links are sought."""
_DRAWN = 4000
_MOST = 4.0


class TravelTimes(NamedTuple):
    """One way: ``edges`` (B + 1,) seconds, ``links`` (B,) confident links of each bin, ``background`` (B,) the share of
    pairs at large, ``evidence`` (B + 2,) nats, its ends for what is below and above all bins; ``median`` seconds of the
    links."""

    edges: Float64
    links: Float64
    background: Float64
    evidence: Float64
    median: float

    @property
    def total(self) -> float:
        """How many links."""
        return float(self.links.sum())


class Travel(NamedTuple):
    """The ways that were learned, by the numbers of the camera left and the one arrived at, and the same as arrays.

    ``number`` (C, C): each way's row, -1 where nothing was learned; its bins begin at ``low`` and are ``step`` wide;
    ``nats`` (W, B + 2). ``usual``: the evidence of a gap on ways that were not.
    """

    ways: Mapping[tuple[int, int], TravelTimes]
    number: Int64
    low: Float64
    step: Float64
    nats: Float64
    usual: Usual


def as_travel(learned: Mapping[tuple[int, int], TravelTimes], *, cameras: int, usual: Usual) -> Travel:
    """Ways with their arrays."""
    number = np.full((cameras, cameras), -1, dtype=np.int64)
    for row, way in enumerate(learned):
        number[way] = row
    edges = np.array([times.edges for times in learned.values()]).reshape(-1, _BINS + 1)
    nats = np.array([times.evidence for times in learned.values()]).reshape(-1, _BINS + 2)
    return Travel(learned, number, edges[:, 0], edges[:, 1] - edges[:, 0], nats, usual)


class Ways(NamedTuple):
    """(E,) the camera left, the one arrived at, and the seconds between."""

    origin: Int64
    target: Int64
    seconds: Float64


def ways(layout: Layout, first: Int64, second: Int64) -> Ways:
    """(E,), (E,) rows -> the way of each pair."""
    between = gaps(layout.times(first), layout.times(second))
    origin = np.where(between.forward, layout.camera[first], layout.camera[second])
    target = np.where(between.forward, layout.camera[second], layout.camera[first])
    return Ways(origin, target, between.seconds.astype(np.float64))


def learn(layout: Layout, paths: Ways, weight: Float64, *, usual: Usual, seed: int = 0) -> Travel:
    """Pairs with (E,) how surely each is right -> the travel times of the ways that have enough of them."""
    generator, learned = np.random.default_rng(seed), {}
    sure = np.flatnonzero(weight > 0)
    keys = paths.origin[sure] * len(layout.names) + paths.target[sure]
    order = sure[np.argsort(keys, kind="stable")]
    names, counts = np.unique(keys, return_counts=True)
    for key, of_way in zip(names.tolist(), np.split(order, np.cumsum(counts)), strict=False):
        if weight[of_way].sum() >= _FEWEST:
            way = divmod(key, len(layout.names))
            background = _at_large(layout, *way, generator=generator)
            learned[way] = _histogram(
                paths.seconds[of_way], weight[of_way], background, prior=_Prior(usual, same=way[0] == way[1])
            )
    return as_travel(learned, cameras=len(layout.names), usual=usual)


def evidence(travel: Travel, paths: Ways) -> Float64:
    """(E,) nats; on ways that are not learned those of all ways together."""
    total = travel.usual.evidence(paths.seconds, paths.origin == paths.target)
    way = travel.number[paths.origin, paths.target]
    known = np.flatnonzero(way >= 0)
    row = way[known]
    place = np.floor((paths.seconds[known] - travel.low[row]) / travel.step[row]) + 1
    total[known] = travel.nats[row, np.clip(place, 0, _BINS + 1).astype(np.int64)]
    return total


def windows(layout: Layout, travel: Travel) -> tuple[Window, ...]:
    """What the learned ways leave: from the first to the last link, and a quarter of that more on both sides."""
    learned = []
    for (origin, target), times in sorted(travel.ways.items()):
        if times.total >= _WINDOW_FROM and origin != target:
            full = np.flatnonzero(times.links >= 0.5)
            low, high = float(times.edges[full[0]]), float(times.edges[full[-1] + 1])
            margin = 0.25 * (high - low) + 2.0
            names = layout.names[origin], layout.names[target]
            learned.append(Window(*names, low - margin, high + margin, round(times.total)))
    return tuple(learned)


def _at_large(layout: Layout, origin: int, target: int, *, generator: np.random.Generator) -> Float64:
    """Gaps of pairs drawn from all that go this way."""
    first, second = (
        generator.integers(layout.starts[camera], layout.starts[camera + 1], _DRAWN) for camera in (origin, target)
    )
    drawn = ways(layout, first, second)
    return np.asarray(drawn.seconds[(drawn.origin == origin) & (first != second)], dtype=np.float64)


class _Prior(NamedTuple):
    """What a way is taken to be as long as it has few links."""

    usual: Usual
    same: bool

    def evidence(self, seconds: Float64) -> Float64:
        return self.usual.evidence(seconds, np.full(len(seconds), self.same))


def _histogram(seconds: Float64, weight: Float64, background: Float64, *, prior: _Prior) -> TravelTimes:
    order = np.argsort(seconds)
    share = np.cumsum(weight[order]) / weight.sum()
    low, median, high = (float(seconds[order][np.searchsorted(share, at)]) for at in (0.02, 0.5, 0.98))
    spread = max(high - low, 4.0)
    edges = np.linspace(low - spread / 2, high + spread / 2, _BINS + 1)
    links = np.histogram(seconds, edges, weights=weight)[0].astype(np.float64)
    at_large = np.histogram(background, edges)[0].astype(np.float64)
    outside = max(len(background) - at_large.sum(), 1.0)
    shares = (_smooth(at_large) + 0.25) / (at_large.sum() + outside + 0.25 * _BINS)
    total = weight.sum()
    expected = np.exp(prior.evidence(np.concatenate([edges[:1], (edges[1:] + edges[:-1]) / 2, edges[-1:]])))
    dense = (_smooth(links) / shares + _PRIOR * expected[1:-1]) / (total + _PRIOR)
    below, above = np.log(_PRIOR * expected[[0, -1]] / (total + _PRIOR))
    nats = np.concatenate([[below], np.log(dense), [above]])
    return TravelTimes(edges, links, shares, np.clip(nats, -_MOST, _MOST), median)


def _smooth(counts: Float64) -> Float64:
    """A bin's links also stand for its neighbours."""
    kernel = np.array([1, 2, 3, 2, 1]) / 9
    return np.asarray(np.convolve(counts, kernel, mode="same"), dtype=np.float64)
