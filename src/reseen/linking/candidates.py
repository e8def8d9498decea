"""Candidates: for each sighting, the most similar possible ones of each camera; sparse, one pair of cameras at a time.

K = sightings, C = cameras, E = pairs of sightings, i < j in the layout's order. Contrast: the cosine of a pair minus
the mean level of both, so that a sighting that resembles everybody is near to nobody. Its level is what its next best
reach, in that camera where they reach most.
"""

from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np

from reseen.linking.clock import Times, gaps, possible
from reseen.linking.layout import Layout
from reseen.metrics.array_types import Bools, Float32, Int64
from reseen.metrics.kernels.threads import RowThreads
from reseen.metrics.kernels.topk import TopK, empty_topk, finish, push, push_columns

_ROWS = 1024
"""Rows of a tile: with a camera of 4,000 sightings it has 16 MB."""

_EXCLUDED = np.float32(-4)
"""Below any cosine."""

NEXT = 5
"""Next best ones whose mean is the level of a sighting in a camera."""


class Candidates(NamedTuple):
    """Pairs: ``first`` and ``second`` (E,), their ``contrast`` (E,); ``mutual`` (E,): each is the best of the other.

    ``runner_up`` (E,): each is among the two best of the other, and not both are the best. ``level`` (K,).
    """

    first: Int64
    second: Int64
    contrast: Float32
    mutual: Bools
    runner_up: Bools
    level: Float32


class _Pairs(NamedTuple):
    first: Int64
    second: Int64
    cosine: Float32
    rank: Int64
    rank_back: Int64


def candidates(layout: Layout, *, count: int, level: Float32 | None = None) -> Candidates:
    """The ``count`` best of each sighting in each camera that is possible for it.

    ``level`` (K,): that of an earlier search, where this one looks into windows only.
    """
    cameras = len(layout.names)
    by_camera = np.full((len(layout.camera), cameras), np.nan, dtype=np.float32)
    found: list[_Pairs] = []
    with RowThreads() as threads:
        for first, second in combinations_with_replacement(range(cameras), 2):
            found.append(_between(layout, first, second, count=count, level=by_camera, threads=threads))
    pairs = _Pairs(*map(np.concatenate, zip(*found, strict=True)))
    level = _highest(by_camera) if level is None else level
    mutual = (pairs.rank == 0) & (pairs.rank_back == 0)
    runner_up = (pairs.rank <= 1) & (pairs.rank_back <= 1) & ~mutual
    contrast = np.asarray(pairs.cosine - (level[pairs.first] + level[pairs.second]) / 2, dtype=np.float32)
    return Candidates(pairs.first, pairs.second, contrast, mutual, runner_up, level)


def _highest(by_camera: Float32) -> Float32:
    """(K, C) -> (K,); where a sighting has no level in any camera, the mean of all."""
    highest = np.where(np.isfinite(by_camera), by_camera, -np.inf).max(axis=1)
    known = np.isfinite(highest)
    usual = highest[known].mean() if known.any() else np.float32(0)
    return np.where(known, highest, usual).astype(np.float32)


def _between(layout: Layout, first: int, second: int, *, count: int, level: Float32, threads: RowThreads) -> _Pairs:
    """Candidates of two cameras, or of one with itself."""
    rows, others = layout.rows(first), layout.rows(second)
    best, back = _best(layout, first, second, depth=max(count, NEXT + 1), threads=threads)
    level[rows, second], level[others, first] = _level(best), _level(back)
    pairs = _union(
        _listed(best, count, row=rows.start, entry=others.start),
        _listed(back, count, row=others.start, entry=rows.start),
    )
    both = (
        np.maximum(pairs.rank, pairs.rank_back) < count
    )  # one-sided ones are of many, and are asked for if they matter
    return _Pairs(*(column[both] for column in pairs))  # type: ignore[arg-type]


def _best(layout: Layout, first: int, second: int, *, depth: int, threads: RowThreads) -> tuple[TopK, TopK]:
    """The best of the second camera for each of the first, and the other way round."""
    rows, others = layout.rows(first), layout.rows(second)
    left, right, limits = layout.vectors[rows], layout.vectors[others], layout.limits(first, second)
    best, back = empty_topk(len(left), count=depth), empty_topk(len(right), count=depth)
    times = layout.times(others)
    for start in range(0, len(left), _ROWS):
        part = slice(start, start + _ROWS)
        own = layout.times(slice(rows.start + start, min(rows.start + start + _ROWS, rows.stop)))
        near = _reachable(own, times, longest=max(limits.longest, limits.longest_back))
        tile = left[part] @ right[near].T
        between = gaps(Times(own.begin[:, None], own.end[:, None]), Times(times.begin[near], times.end[near]))
        allowed = possible(between, limits, same_camera=first == second)
        if first == second:
            allowed &= np.arange(start, start + len(tile))[:, None] != np.arange(near.start, near.stop)
        tile[~allowed] = _EXCLUDED
        _push(best, back, tile, row=start, entry=near.start, threads=threads)
    return finish(best), finish(back)


def _reachable(own: Times, times: Times, *, longest: float) -> slice:
    """The sightings, sorted by their begin, that a longest gap leaves."""
    if not len(own.begin) or not np.isfinite(longest):
        return slice(0, len(times.begin))
    spread = float((times.end - times.begin).max(initial=0))
    low = np.searchsorted(times.begin, own.begin.min() - longest - spread, side="left")
    high = np.searchsorted(times.begin, own.end.max() + longest, side="right")
    return slice(int(low), int(high))


def _push(best: TopK, back: TopK, tile: Float32, *, row: int, entry: int, threads: RowThreads) -> None:
    if not tile.size:
        return
    threads.share(len(tile), lambda part: push(best, tile[part], first_row=row + part.start, first_entry=entry))
    threads.share(tile.shape[1], lambda part: push_columns(back, tile, columns=part, first_row=row, first_entry=entry))


def _level(best: TopK) -> Float32:
    """The mean of those after the best; NaN where there are none."""
    similarity = best.similarity[:, 1 : 1 + NEXT]
    there = similarity > -2
    sums = np.where(there, similarity, 0).sum(axis=1)
    return np.where(there.any(axis=1), sums / np.maximum(1, there.sum(axis=1)), np.nan).astype(np.float32)


class _Listed(NamedTuple):
    row: Int64
    entry: Int64
    cosine: Float32
    rank: Int64


def _listed(best: TopK, count: int, *, row: int, entry: int) -> _Listed:
    """Heaps as a list of pairs, in rows of the layout."""
    cosine, entries = best.similarity[:, :count], best.entries[:, :count]
    rows, ranks = np.nonzero(cosine > -2)
    return _Listed(rows + row, entries[rows, ranks] + entry, cosine[rows, ranks], ranks)


def _union(best: _Listed, back: _Listed) -> _Pairs:
    """Each pair once, with its rank from both sides; a rank that was not kept is large."""
    first, second = np.concatenate([best.row, back.entry]), np.concatenate([best.entry, back.row])
    low, high = np.minimum(first, second), np.maximum(first, second)
    keys = low * (int(high.max(initial=0)) + 1) + high
    names, place, of = np.unique(keys, return_index=True, return_inverse=True)
    ranks = np.full((2, len(names)), np.iinfo(np.int32).max, dtype=np.int64)
    of_best, of_back = of[: len(best.row)], of[len(best.row) :]
    np.minimum.at(ranks[0], of_best, best.rank)
    np.minimum.at(ranks[1], of_back, back.rank)
    cosine = np.concatenate([best.cosine, back.cosine])[place]
    return _Pairs(low[place], high[place], cosine, ranks[0], ranks[1])
