"""Jaccard distances between sparse rows of weights, through an index from each column to the gallery rows that hold it.

Source: Zhong et al., CVPR 2017. N = Q + G images, the queries first.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from reseen.metrics.array_types import Float32, Int64
from reseen.metrics.kernels.compiled import compiled
from reseen.metrics.kernels.threads import RowThreads
from reseen.metrics.postprocess.neighbours import Neighbours
from reseen.metrics.postprocess.reciprocal import LEAST_DISTANCE, Sparse
from reseen.metrics.similarity import Block


class Overlaps(NamedTuple):
    """``queries``: a sparse row of weights each; ``gallery``: for each of N columns, the gallery rows that hold it."""

    queries: Sparse
    gallery: Sparse


def overlaps(weights: Sparse, neighbours: Neighbours, *, k2: int, queries: int) -> Overlaps:
    """(N, N) weights -> those of queries and of gallery, after each row became the mean of its ``k2`` nearest rows."""
    count = len(neighbours.rows)
    averaged = csr_array((weights.values, weights.columns, weights.starts), shape=(count, count))
    if k2 > 1:
        nearest = neighbours.rows[:, :k2].ravel()
        share = np.full(len(nearest), 1 / k2, dtype=np.float32)
        averaged = csr_array((share, nearest, np.arange(0, len(nearest) + 1, k2)), shape=(count, count)) @ averaged
    return Overlaps(queries=_sparse(averaged[:queries]), gallery=_sparse(averaged[queries:].tocsc()))


def _sparse(matrix: Any) -> Sparse:
    return Sparse(starts=matrix.indptr.astype(np.int64), columns=matrix.indices.astype(np.int32), values=matrix.data)


def rerank_block(block: Block, overlap: Overlaps, *, lowest: Float32, weight: float, threads: RowThreads) -> None:
    """Cosines become minus the re-ranked distances, in place.

    ``lowest`` (N,): each row's cosine to the image farthest from it; ``weight`` of the original distance.
    """
    largest = np.maximum(1 - lowest[block.queries], LEAST_DISTANCE)
    shares = np.stack([weight / largest, np.full_like(largest, 1 - weight)], axis=1)

    def rerank(part: slice) -> None:
        _rerank(
            block.similarity[part], overlap.queries, overlap.gallery, queries=block.queries[part], shares=shares[part]
        )

    threads.share(len(block.queries), rerank)


@compiled()
def _rerank(
    similarity: Float32,
    sets: Sparse,
    index: Sparse,
    *,
    queries: Int64,
    shares: Float32,
) -> None:
    """``shares`` (b, 2): what the original and what the Jaccard distance is multiplied by, for each query."""
    one, two = np.float32(1), np.float32(2)
    shared = np.empty(similarity.shape[1], dtype=np.float32)
    for row in range(len(queries)):
        shared[:] = 0
        for place in range(sets.starts[queries[row]], sets.starts[queries[row] + 1]):
            column, value = sets.columns[place], sets.values[place]
            for holder in range(index.starts[column], index.starts[column + 1]):
                shared[index.columns[holder]] += min(value, index.values[holder])
        for entry in range(len(shared)):
            jaccard = one - shared[entry] / (two - shared[entry])
            original = max(np.float32(0), one - similarity[row, entry])
            similarity[row, entry] = -(shares[row, 0] * original + shares[row, 1] * jaccard)
