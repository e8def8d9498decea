"""k-reciprocal re-ranking in its dense form, from the definition: what the sparse form is measured against.

Whole (N, N) float32 matrices of distances, ranks and weights, N = Q + G, and a loop over the rows: the way such tools
write it (Zhong et al., CVPR 2017). Nothing here is used by the package.
"""

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]


def dense_k_reciprocal(query: Matrix, gallery: Matrix, *, k1: int = 20, k2: int = 6, weight: float = 0.3) -> Matrix:
    """(Q, D), (G, D) -> (Q, G) re-ranked distances."""
    distances = scaled_distances(np.concatenate([query, gallery]))
    ranks = np.argsort(distances, axis=1).astype(np.int32)
    weights = np.zeros_like(distances)
    for row in range(len(distances)):
        members = grown_set(ranks, row, k1=k1)
        nearness = np.exp(-distances[row, members])
        weights[row, members] = nearness / nearness.sum()
    distances = distances[: len(query)]
    if k2 > 1:
        averaged = np.zeros_like(weights)
        for row in range(len(weights)):
            averaged[row] = weights[ranks[row, :k2]].mean(axis=0)
        weights = averaged
    jaccard = jaccard_distances(weights, queries=len(query))
    return (1 - weight) * jaccard[:, len(query) :] + weight * distances[:, len(query) :]


def scaled_distances(vectors: Matrix) -> Matrix:
    """(N, D) -> (N, N) squared Euclidean distances of the vectors brought to length 1, each row over its largest."""
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    distances = 2 - 2 * (units @ units.T)
    return np.asarray(distances / distances.max(axis=1, keepdims=True), dtype=np.float32)


def grown_set(ranks: NDArray[np.int32], row: int, *, k1: int) -> NDArray[np.int32]:
    """The k-reciprocal neighbours of a row, and those of its members that share more than two thirds with them."""
    reciprocal = mutual(ranks, row, depth=k1 + 1)
    grown = reciprocal
    for candidate in reciprocal:
        own = mutual(ranks, candidate, depth=int(np.around(k1 / 2)) + 1)
        if len(np.intersect1d(own, reciprocal)) > 2 / 3 * len(own):
            grown = np.append(grown, own)
    return np.unique(grown)


def mutual(ranks: NDArray[np.int32], row: int, *, depth: int) -> NDArray[np.int32]:
    """The first ``depth`` of a row among whose own first ``depth`` the row stands."""
    forward = ranks[row, :depth]
    return forward[(ranks[forward, :depth] == row).any(axis=1)]


def jaccard_distances(weights: Matrix, *, queries: int) -> Matrix:
    """(N, N) weights of sum 1 a row -> (Q, N) Jaccard distances of the first Q rows to all."""
    holders = [np.flatnonzero(column) for column in weights.T]
    jaccard = np.empty((queries, len(weights)), dtype=np.float32)
    for row in range(queries):
        shared = np.zeros(len(weights), dtype=np.float32)
        for column in np.flatnonzero(weights[row]):
            rows = holders[column]
            shared[rows] += np.minimum(weights[row, column], weights[rows, column])
        jaccard[row] = 1 - shared / (2 - shared)
    return jaccard
