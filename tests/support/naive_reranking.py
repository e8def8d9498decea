"""k-reciprocal re-ranking by the definition, with sets, dictionaries and float64: the second source of its tests."""

import numpy as np


def all_similarities(vectors):
    """(N, D) -> (N, N) float64 cosines; every pair by the same arithmetic, so equal vectors tie exactly."""
    vectors = np.asarray(vectors, dtype=np.float64)
    units = vectors / np.sqrt((vectors**2).sum(axis=1, keepdims=True))
    return np.stack([(units * unit).sum(axis=1) for unit in units])


def naive_lists(vectors) -> list[list[int]]:
    """Every image's ranking of all: itself first, then by similarity, ties by row."""
    similarity = all_similarities(vectors)
    rows = range(len(similarity))
    return [sorted(rows, key=lambda other: (other != row, -similarity[row, other], other)) for row in rows]


def naive_weights(lists, distances, *, k1: int) -> list[dict[int, float]]:
    """Each image's grown set, as weights of sum 1."""

    def mutual(row, depth):
        return {other for other in lists[row][:depth] if row in lists[other][:depth]}

    weights = []
    for row in range(len(lists)):
        reached = mutual(row, k1 + 1)
        grown = set(reached)
        for candidate in reached:
            smaller = mutual(candidate, int(np.around(k1 / 2)) + 1)
            if len(smaller & reached) > 2 / 3 * len(smaller):
                grown |= smaller
        near = {other: np.exp(-distances[row, other]) for other in grown}
        weights.append({other: value / sum(near.values()) for other, value in near.items()})
    return weights


def naive_mean(weights: list[dict[int, float]]) -> dict[int, float]:
    """The mean of sparse rows."""
    columns = {column for row in weights for column in row}
    return {column: sum(row.get(column, 0.0) for row in weights) / len(weights) for column in columns}


def naive_jaccard(first: dict[int, float], second: dict[int, float]) -> float:
    """One less the sum of smaller weights over the sum of larger ones."""
    columns = first.keys() | second.keys()
    smaller = sum(min(first.get(column, 0.0), second.get(column, 0.0)) for column in columns)
    return 1 - smaller / sum(max(first.get(column, 0.0), second.get(column, 0.0)) for column in columns)


def naive_k_reciprocal(query, gallery, *, k1: int, k2: int, weight: float):
    """(Q, D), (G, D) -> (Q, G) float64 distances."""
    vectors = np.concatenate([query, gallery])
    lists = naive_lists(vectors)
    distances = 2 - 2 * all_similarities(vectors)
    np.fill_diagonal(distances, 0)
    distances /= distances.max(axis=1, keepdims=True)
    weights = naive_weights(lists, distances, k1=k1)
    means = [naive_mean([weights[other] for other in ranking[:k2]]) for ranking in lists]
    own, others = means[: len(query)], means[len(query) :]
    jaccard = np.array([[naive_jaccard(first, second) for second in others] for first in own])
    return (1 - weight) * jaccard + weight * distances[: len(query), len(query) :]
