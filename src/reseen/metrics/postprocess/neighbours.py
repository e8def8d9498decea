"""Nearest neighbours by cosine, exact, streamed: no matrix of all similarities, on the processor or a GPU.

N, M = rows of unit vectors, D = their width, K = neighbours. Similarities are float32 products, tile by tile;
neighbours too close for float32 are ordered by float64 products, and equal ones by row.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from reseen.metrics.array_types import Float32, Int32, UnitVectors
from reseen.metrics.kernels.threads import RowThreads
from reseen.metrics.kernels.topk import TopK, empty_topk, finish, finish_exactly, push, push_columns
from reseen.metrics.similarity import too_close

_TILE_ROWS = 1024
_TILE_ENTRIES = 8_000_000
"""Similarities held at once: 32 MB."""

_DEVICE_TILE_ENTRIES = 64_000_000
"""The same on a device: 256 MB."""

_SPARE = 8
"""Entries kept beyond those wanted, so that the end of a list can be decided in float64."""

_ITSELF = 2.0
"""Above any cosine: puts a row at the head of its own list."""


class Neighbours(NamedTuple):
    """``rows`` (N, K) int32, nearest first, their ``similarity`` (N, K); ``lowest`` (N,) similarity to any row."""

    rows: Int32
    similarity: Float32
    lowest: Float32


def nearest(
    units: UnitVectors, others: UnitVectors, *, count: int, threads: RowThreads, device: str = "cpu"
) -> Neighbours:
    """(N, D), (M, D) -> the ``count`` nearest of the M for each of the N. ``count`` is at most M."""
    if not 1 <= count <= len(others):
        raise ValueError(f"count: expected 1 to {len(others)}, got {count}")
    best = empty_topk(len(units), count=min(count + _SPARE, len(others)))
    if device == "cpu":
        for tile in _tiles(units, others):
            _push_rows(best, tile, threads=threads)
    else:
        _fill_on_device(best, units, others, device=device)
    return _finished(best, units, others, count=count, threads=threads)


def nearest_among(units: UnitVectors, *, count: int, threads: RowThreads, device: str = "cpu") -> Neighbours:
    """(N, D) -> the ``count`` nearest of the N for each of them, itself first. ``count`` is at most N."""
    if not 1 <= count <= len(units):
        raise ValueError(f"count: expected 1 to {len(units)}, got {count}")
    best = empty_topk(len(units), count=min(count + _SPARE, len(units)))
    if device == "cpu":
        for tile in _tiles(units, units, upper=True):
            _push_both_ways(best, tile, threads=threads)
    else:
        _fill_on_device(best, units, units, device=device, itself=True)
    neighbours = _finished(best, units, units, count=count, threads=threads)
    neighbours.similarity[:, 0] = 1
    return neighbours


class _Tile(NamedTuple):
    """``similarity`` (R, C) of the rows from ``row`` on to the entries from ``entry`` on."""

    row: int
    entry: int
    similarity: Float32


def _tiles(units: UnitVectors, others: UnitVectors, *, upper: bool = False) -> Iterator[_Tile]:
    """All tiles, or those on and above the diagonal; each is overwritten by the next."""
    height = min(_TILE_ROWS, len(units))
    width = max(height, min(len(others), _TILE_ENTRIES // height))
    buffer = np.empty(height * width, dtype=np.float32)
    for row in range(0, len(units), height):
        left = units[row : row + height]
        for entry in range(row if upper else 0, len(others), width):
            right = others[entry : entry + width]
            similarity = buffer[: len(left) * len(right)].reshape(len(left), len(right))
            yield _Tile(row=row, entry=entry, similarity=np.matmul(left, right.T, out=similarity))


def _push_rows(best: TopK, tile: _Tile, *, threads: RowThreads) -> None:
    def work(part: slice) -> None:
        push(best, tile.similarity[part], first_row=tile.row + part.start, first_entry=tile.entry)

    threads.share(len(tile.similarity), work)


def _push_both_ways(best: TopK, tile: _Tile, *, threads: RowThreads) -> None:
    """Each pair above the diagonal also stands for the pair below it."""
    height = len(tile.similarity)
    square = max(0, tile.row + height - tile.entry)
    if square:
        np.fill_diagonal(tile.similarity[:, :height], _ITSELF)
    _push_rows(best, tile, threads=threads)

    def work(part: slice) -> None:
        columns = slice(square + part.start, square + part.stop)
        push_columns(best, tile.similarity, columns=columns, first_row=tile.row, first_entry=tile.entry)

    threads.share(tile.similarity.shape[1] - square, work)


def _fill_on_device(best: TopK, units: UnitVectors, others: UnitVectors, *, device: str, itself: bool = False) -> None:
    """The same entries by products and selection on the device."""
    import torch

    from reseen.metrics.kernels.device import on_device, products

    entries = on_device(others, device)
    height = max(1, _DEVICE_TILE_ENTRIES // len(others))
    for row in range(0, len(units), height):
        part = slice(row, row + height)
        similarity = products(on_device(units[part], device), entries)
        if itself:
            diagonal = torch.arange(len(similarity), device=device)
            similarity[diagonal, diagonal + row] = _ITSELF
        top: Any = similarity.topk(best.entries.shape[1], dim=1)
        best.entries[part] = top.indices.cpu().numpy()
        best.similarity[part] = top.values.cpu().numpy()
        best.lowest[part] = similarity.amin(dim=1).cpu().numpy()


def _finished(best: TopK, units: UnitVectors, others: UnitVectors, *, count: int, threads: RowThreads) -> Neighbours:
    margin = too_close(units.shape[1])

    def work(part: slice) -> Neighbours:
        ordered = finish(TopK(best.similarity[part], best.entries[part], best.lowest[part]))
        finish_exactly(ordered, units[part], others, margin=margin)
        rows = ordered.entries[:, :count].astype(np.int32)
        return Neighbours(rows, ordered.similarity[:, :count], ordered.lowest)

    return Neighbours(*map(np.concatenate, zip(*threads.share(len(units), work), strict=True)))
