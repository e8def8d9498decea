"""Products and counts by torch on a device; the same counts as the compiled loops make on the processor.

b = queries, c = entries of a tile, M = most thresholds of a query.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from reseen.metrics.array_types import Float32, Indices, UnitVectors
from reseen.metrics.kernels.device import on_device, products
from reseen.metrics.kernels.ragged import owners
from reseen.metrics.ranking.ranks import CountTile, RivalCounter
from reseen.metrics.ranking.thresholds import CloseCalls
from reseen.metrics.ranking.tiles import Tile

_QUERIES = 2048

_BOUNDS = 4_000_000
"""Thresholds held on the device at once, with the padding of rows of unequal length."""


def count_on_device(counter: RivalCounter, units: UnitVectors, *, device: str) -> CountTile:
    """The (b, D) units of the counter's queries -> how to count a tile on the device. Writes only into its counts."""
    first = counter.thresholds.first
    queries, identities = (on_device(values, device) for values in (units, counter.identities))
    parts = [_Bounds(counter, part, device=device) for part in _parts(np.diff(first))]

    def count_tile(tile_units: UnitVectors, tile: Tile) -> Iterator[CloseCalls]:
        entries, entry_identities = (on_device(values, device) for values in (tile_units, tile.identities))
        for bounds in parts:
            values = products(queries[bounds.rows], entries)
            if tile.starts is not None:
                values = _best_of_each(values, tile.starts)
            values[identities[bounds.rows, None] == entry_identities] = -torch.inf
            yield bounds.count(values)

    return count_tile


class _Bounds:
    """The thresholds of some queries on the device, worst first, padded with infinity to (b, M)."""

    def __init__(self, counter: RivalCounter, rows: slice, *, device: str) -> None:
        thresholds, self.rows = counter.thresholds, rows
        self._begin, self._end = thresholds.first[rows], thresholds.first[rows.start + 1 : rows.stop + 1]
        lengths = self._end - self._begin
        self._where = np.arange(lengths.max()) < lengths[:, None]
        self._places = (self._end[:, None] - 1 - np.arange(lengths.max()))[self._where]
        self._low, self._high = (on_device(self._padded(bound), device) for bound in (thresholds.low, thresholds.high))
        self._certain = counter.counts.certain

    def _padded(self, bound: Float32) -> Float32:
        padded = np.full(self._where.shape, np.inf, dtype=np.float32)
        padded[self._where] = bound[self._places]
        return padded

    def count(self, values: Tensor) -> CloseCalls:
        """(b, c) -> counts the values over each threshold and returns those too close to call."""
        passed = torch.searchsorted(self._high, values)
        reached = torch.searchsorted(self._low, values, right=True)
        width = self._high.shape[1] + 1
        rows = torch.arange(len(values), device=values.device)[:, None] * width
        histogram = torch.bincount((rows + passed)[passed > 0], minlength=len(values) * width).reshape(-1, width)
        over = histogram.flip(1).cumsum(1).flip(1)[:, 1:].cpu().numpy()
        self._certain[self._places] += over[self._where]
        query, column = (reached > passed).nonzero(as_tuple=True)
        close, below = values[query, column].cpu().numpy(), passed[query, column].cpu().numpy()
        place = query.cpu().numpy()
        return CloseCalls(place + self.rows.start, column.cpu().numpy(), close, self._end[place] - below)


def _parts(lengths: Indices) -> list[slice]:
    """(b,) thresholds of each query -> parts whose padded bounds stay small."""
    longest = int(lengths.max())
    step = max(1, min(_QUERIES, _BOUNDS // longest))
    return [slice(begin, min(begin + step, len(lengths))) for begin in range(0, len(lengths), step)]


def _best_of_each(values: Tensor, starts: Indices) -> Tensor:
    """(b, images) and (c + 1,) where each entry's begin -> (b, c) of each entry's nearest image."""
    entry = torch.from_numpy(owners(np.diff(starts))).to(values.device)
    best = values.new_full((len(values), len(starts) - 1), -torch.inf)
    return best.scatter_reduce(1, entry.expand(len(values), -1), values, "amax")
