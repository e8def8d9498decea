"""Exact search of many queries at once: the gallery is read once, in blocks, and multiplied.

Q = queries, B = records of a block, K = matches kept, D = width.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray


class Best(NamedTuple):
    """``similarity`` (Q, K) float32, best first, and ``rows`` (Q, K) int64 of the same; K is at most the records."""

    similarity: NDArray[np.float32]
    rows: NDArray[np.int64]


def best_of_blocks(queries: NDArray[np.float32], blocks: Iterable[pa.RecordBatch], *, k: int) -> Best:
    """(Q, D) and blocks of columns vector and _rowid -> the K records most similar to each query."""
    similarity = torch.empty((len(queries), 0))
    rows = torch.empty((len(queries), 0), dtype=torch.int64)
    for block in blocks:
        if not block.num_rows:
            continue
        products = torch.from_numpy(queries @ _vectors(block).T)
        found, places = products.topk(min(k, block.num_rows), dim=1)
        numbers = torch.from_numpy(block["_rowid"].to_numpy().astype(np.int64))
        similarity, rows = torch.cat([similarity, found], dim=1), torch.cat([rows, numbers[places]], dim=1)
        similarity, kept = similarity.topk(min(k, similarity.shape[1]), dim=1)
        rows = rows.gather(1, kept)
    return Best(similarity.numpy(), rows.numpy())


def _vectors(block: pa.RecordBatch) -> NDArray[np.float32]:
    """The column as (B, D), where it lies in memory."""
    flat: NDArray[np.float32] = block["vector"].flatten().to_numpy(zero_copy_only=True)
    return flat.reshape(block.num_rows, -1)
