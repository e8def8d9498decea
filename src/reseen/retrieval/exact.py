"""Exact search of many queries at once: the gallery is read once, in blocks, and multiplied.

Q = queries, B = records of a block, K = matches kept, D = width.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from reseen.metrics.kernels.blas import one_blas_thread
from reseen.metrics.kernels.team import Team
from reseen.retrieval.heaps import Heaps, empty_heaps, offer

_QUERIES, _RECORDS = 512, 4096
"""Similarities that each thread holds at once: 8 MB."""


class Best(NamedTuple):
    """``similarity`` (Q, K) float32, best first, and ``rows`` (Q, K) int64 of the same; K is at most the records."""

    similarity: NDArray[np.float32]
    rows: NDArray[np.int64]


def best_of_blocks(queries: NDArray[np.float32], blocks: Iterable[pa.RecordBatch], *, k: int) -> Best:
    """(Q, D) and blocks of columns vector and _rowid -> the K records most similar to each query.

    Each thread makes the products of its own queries and offers them to their heaps.
    """
    heaps, numbers = empty_heaps(len(queries), count=k), [np.empty(0, dtype=np.int64)]
    with Team() as team, one_blas_thread():
        for block in blocks:
            offered = sum(map(len, numbers))
            _offer_block(heaps, queries, _vectors(block), first_place=offered, team=team)
            numbers.append(block["_rowid"].to_numpy().astype(np.int64))
    return _best_first(heaps, np.concatenate(numbers))


def _offer_block(
    heaps: Heaps, queries: NDArray[np.float32], vectors: NDArray[np.float32], *, first_place: int, team: Team
) -> None:
    def work(part: slice) -> None:
        room = np.empty((min(_QUERIES, part.stop - part.start), min(_RECORDS, len(vectors))), dtype=np.float32)
        for query in range(part.start, part.stop, _QUERIES):
            some = queries[query : min(query + _QUERIES, part.stop)]
            for record in range(0, len(vectors), _RECORDS):
                others = vectors[record : record + _RECORDS]
                tile = np.matmul(some, others.T, out=room[: len(some), : len(others)])
                offer(heaps, tile, first_query=query, first_place=first_place + record)

    team.share(len(queries), work)


def _best_first(heaps: Heaps, numbers: NDArray[np.int64]) -> Best:
    order = np.argsort(-heaps.similarity, axis=1, kind="stable")[:, : len(numbers)]
    similarity = np.take_along_axis(heaps.similarity, order, axis=1)
    return Best(similarity, numbers[np.take_along_axis(heaps.places, order, axis=1)])


def _vectors(block: pa.RecordBatch) -> NDArray[np.float32]:
    """The column as (B, D), where it lies in memory."""
    flat: NDArray[np.float32] = block["vector"].flatten().to_numpy(zero_copy_only=True)
    return flat.reshape(block.num_rows, block["vector"].type.list_size)
