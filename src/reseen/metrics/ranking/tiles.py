"""Tiles: some entries of the gallery whose similarities to the queries are counted together.

b = queries, c = entries of a tile.
"""

from typing import NamedTuple

import numpy as np

from reseen.metrics.array_types import Float32, Indices, Int64
from reseen.metrics.kernels.compiled import compiled


class Tile(NamedTuple):
    """Entries counted together: their ``entries`` (c,) numbers and ``identities`` (c,).

    ``starts`` (c + 1,) where each entry's images begin; None where an entry is an image.
    """

    entries: Indices
    identities: Indices
    starts: Indices | None


class TileByIdentity(NamedTuple):
    """A tile in the order of its ``identities`` (c,), which belong to the entries in ``columns`` (c,)."""

    identities: Indices
    columns: Indices
    starts: Indices | None


def by_identity(tile: Tile) -> TileByIdentity:
    """The tile in the order of its identities."""
    columns = np.argsort(tile.identities, kind="stable")
    return TileByIdentity(tile.identities[columns], columns, tile.starts)


def best_of_entries(values: Float32, starts: Indices) -> Float32:
    """(b, images), (c + 1,) where each entry's begin -> (b, c) of each entry's nearest image."""
    best = np.empty((len(values), len(starts) - 1), dtype=np.float32)
    _best_of_each(values, starts, best)
    return best


@compiled()
def _best_of_each(values: Float32, starts: Int64, best: Float32) -> None:
    for query in range(len(values)):
        for entry in range(len(starts) - 1):
            best[query, entry] = values[query, starts[entry] : starts[entry + 1]].max()


@compiled()
def hide(values: Float32, query_identities: Int64, *, identities: Int64, columns: Int64) -> None:
    """(b, c), (b,): entries of the query's own identity become -inf, so that only its rivals are counted.

    ``identities`` (c,) ascending, of the entries in ``columns`` (c,).
    """
    for query in range(len(values)):
        identity = query_identities[query]
        place = np.searchsorted(identities, identity)
        while place < len(identities) and identities[place] == identity:
            values[query, columns[place]] = -np.inf
            place += 1
