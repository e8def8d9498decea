"""Nearest neighbours by cosine, exact, streamed: no matrix of all similarities, on the processor or a GPU.

N, M = rows of unit vectors, D = their width, K = neighbours. Similarities are made in float32 tiles; neighbours that
float32 does not tell apart are ordered by float64 products, and equals by row.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reseen.metrics.kernels.team import Team
from reseen.metrics.postprocess.shortlist import Shortlist, empty_shortlist, offer_columns, offer_rows, settle
from reseen.metrics.similarity import Units, too_close

_TILE_ROWS = 1024
_TILE_ENTRIES = 8_000_000
"""Similarities held at once: 32 MB."""

_DEVICE_TILE_ENTRIES = 64_000_000
"""The same on a device: 256 MB."""

_SPARE = 8
"""Entries kept beyond those asked for, so that a list's end can be decided in float64."""

_ITSELF = 2.0
"""Above any cosine: puts a row at the head of its own list."""


class Neighbours(NamedTuple):
    """``rows`` (N, K) int32, nearest first, their ``similarity`` (N, K); ``lowest`` (N,) similarity to any row."""

    rows: NDArray[np.int32]
    similarity: NDArray[np.float32]
    lowest: NDArray[np.float32]


def nearest(units: Units, others: Units, *, count: int, team: Team, device: str = "cpu") -> Neighbours:
    """(N, D), (M, D) -> the ``count`` nearest of the M for each of the N. ``count`` is at most M."""
    if not 1 <= count <= len(others):
        raise ValueError(f"count: expected 1 to {len(others)}, got {count}")
    kept = empty_shortlist(len(units), count=min(count + _SPARE, len(others)))
    if device == "cpu":
        for tile in _tiles(units, others):
            _offer_rows(kept, tile, team=team)
    else:
        _offer_from_device(kept, units, others, device=device)
    return _settled(kept, units, others, count=count, team=team)


def nearest_among(units: Units, *, count: int, team: Team, device: str = "cpu") -> Neighbours:
    """(N, D) -> the ``count`` nearest of the N for each of them, itself first. ``count`` is at most N."""
    if not 1 <= count <= len(units):
        raise ValueError(f"count: expected 1 to {len(units)}, got {count}")
    kept = empty_shortlist(len(units), count=min(count + _SPARE, len(units)))
    if device == "cpu":
        for tile in _tiles(units, units, upper=True):
            _offer_both_ways(kept, tile, team=team)
    else:
        _offer_from_device(kept, units, units, device=device, itself=True)
    neighbours = _settled(kept, units, units, count=count, team=team)
    neighbours.similarity[:, 0] = 1
    return neighbours


class _Tile(NamedTuple):
    """``similarity`` (R, C) of the rows from ``row`` on to the entries from ``entry`` on."""

    row: int
    entry: int
    similarity: NDArray[np.float32]


def _tiles(units: Units, others: Units, *, upper: bool = False) -> Iterator[_Tile]:
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


def _offer_rows(kept: Shortlist, tile: _Tile, *, team: Team) -> None:
    def offer(part: slice) -> None:
        offer_rows(kept, tile.similarity[part], first_row=tile.row + part.start, first_entry=tile.entry)

    team.share(len(tile.similarity), offer)


def _offer_both_ways(kept: Shortlist, tile: _Tile, *, team: Team) -> None:
    """A pair above the diagonal stands for the pair below it as well."""
    height = len(tile.similarity)
    square = max(0, tile.row + height - tile.entry)
    if square:
        np.fill_diagonal(tile.similarity[:, :height], _ITSELF)
    _offer_rows(kept, tile, team=team)

    def offer(part: slice) -> None:
        columns = slice(square + part.start, square + part.stop)
        offer_columns(kept, tile.similarity, columns=columns, first_row=tile.row, first_entry=tile.entry)

    team.share(tile.similarity.shape[1] - square, offer)


def _offer_from_device(kept: Shortlist, units: Units, others: Units, *, device: str, itself: bool = False) -> None:
    """The same lists from a device's own products and selection."""
    import torch

    from reseen.metrics.kernels.device import on_device, products

    entries = on_device(others, device)
    height = max(1, _DEVICE_TILE_ENTRIES // len(others))
    for row in range(0, len(units), height):
        part = slice(row, row + height)
        similarity = products(on_device(units[part], device), entries)
        if itself:
            own = torch.arange(len(similarity), device=device)
            similarity[own, own + row] = _ITSELF
        top: Any = similarity.topk(kept.entries.shape[1], dim=1)
        kept.entries[part] = top.indices.cpu().numpy()
        kept.similarity[part] = top.values.cpu().numpy()
        kept.lowest[part] = similarity.amin(dim=1).cpu().numpy()


def _settled(kept: Shortlist, units: Units, others: Units, *, count: int, team: Team) -> Neighbours:
    margin = too_close(units.shape[1])

    def order(part: slice) -> None:
        own = Shortlist(kept.entries[part], kept.similarity[part], kept.lowest[part])
        settle(own, units[part], others, margin=margin)

    team.share(len(units), order)
    return Neighbours(
        rows=np.ascontiguousarray(kept.entries[:, :count]),
        similarity=np.ascontiguousarray(kept.similarity[:, :count]),
        lowest=kept.lowest,
    )
