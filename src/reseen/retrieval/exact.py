"""Exact search of many queries at once: the gallery is read once, in blocks, and multiplied.

Q = queries, B = records of a block, K = matches kept, D = width.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from reseen.blas import one_blas_thread
from reseen.metrics.kernels.threads import RowThreads
from reseen.metrics.kernels.topk import TopK, empty_topk, finish, push

_QUERIES, _RECORDS = 512, 4096
"""Similarities that each thread holds at once: 8 MB."""

Part: TypeAlias = Callable[[pa.RecordBatch], pa.RecordBatch]
"""Takes some records of a block."""


class Best(NamedTuple):
    """``similarity`` (Q, K) float32, best first, and ``rows`` (Q, K) int64 of the same; K is at most the records."""

    similarity: NDArray[np.float32]
    rows: NDArray[np.int64]


def best_of_blocks(queries: NDArray[np.float32], blocks: Iterable[pa.RecordBatch], *, k: int) -> Best:
    """(Q, D) and blocks of columns vector and _rowid -> the K records most similar to each query.

    Equal records stand in the order of the blocks. Each thread makes the products of its own queries.
    """
    return best_of_parts(queries, blocks, k=k, parts=[lambda block: block])[0]


def best_of_parts(
    queries: NDArray[np.float32], blocks: Iterable[pa.RecordBatch], *, k: int, parts: Sequence[Part]
) -> list[Best]:
    """The same among several parts of the blocks, which are read once; each of ``parts`` takes its own of a block."""
    best = [empty_topk(len(queries), count=k) for _ in parts]
    numbers = [[np.empty(0, dtype=np.int64)] for _ in parts]
    with RowThreads() as threads, one_blas_thread():
        for block in blocks:
            for part, kept, rows in zip(parts, best, numbers, strict=True):
                taken = part(block)
                _push_block(kept, queries, _vectors(taken), first_record=sum(map(len, rows)), threads=threads)
                rows.append(taken["_rowid"].to_numpy().astype(np.int64))
    return [_finished(kept, np.concatenate(rows)) for kept, rows in zip(best, numbers, strict=True)]


def _finished(best: TopK, rows: NDArray[np.int64]) -> Best:
    best = finish(best)
    return Best(best.similarity[:, : len(rows)], rows[best.entries[:, : len(rows)]])


def _push_block(
    best: TopK, queries: NDArray[np.float32], vectors: NDArray[np.float32], *, first_record: int, threads: RowThreads
) -> None:
    def work(part: slice) -> None:
        buffer = np.empty((min(_QUERIES, part.stop - part.start), min(_RECORDS, len(vectors))), dtype=np.float32)
        for query in range(part.start, part.stop, _QUERIES):
            left = queries[query : min(query + _QUERIES, part.stop)]
            for record in range(0, len(vectors), _RECORDS):
                right = vectors[record : record + _RECORDS]
                tile = np.matmul(left, right.T, out=buffer[: len(left), : len(right)])
                push(best, tile, first_row=query, first_entry=first_record + record)

    threads.share(len(queries), work)


def _vectors(block: pa.RecordBatch) -> NDArray[np.float32]:
    """The column as (B, D), where it lies in memory."""
    flat: NDArray[np.float32] = block["vector"].flatten().to_numpy(zero_copy_only=True)
    return flat.reshape(block.num_rows, block["vector"].type.list_size)
