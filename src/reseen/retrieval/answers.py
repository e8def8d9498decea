"""Answers to queries as similarities and rows, from LanceDB's distances or from the vectors that it found.

Q = queries, K = matches of each query, D = width.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Answer: TypeAlias = Sequence[tuple[float, Mapping[str, Any]]]
"""K similarities, each with the columns of its record."""


def answers_of(
    search: Any, *, queries: int, k: int, columns: Sequence[str], similarity: Callable[[float], float]
) -> list[Answer]:
    """Run LanceDB's search of Q queries; ``similarity`` is that of a distance."""
    found: list[list[tuple[float, Mapping[str, Any]]]] = [[] for _ in range(queries)]
    for row in search.limit(k).select([*columns, "_distance"]).to_arrow().to_pylist():
        found[row.get("query_index", 0)].append((clamped(similarity(row["_distance"])), row))
    return list(found)


def compared_again(search: Any, queries: NDArray[np.float32], *, k: int, columns: Sequence[str]) -> list[Answer]:
    """Run LanceDB's search of (Q, D) queries, and say of what it found the similarity that memory would say."""
    found = search.limit(k).select([*columns, "vector", "_distance"]).to_arrow()
    vectors = found["vector"].combine_chunks().flatten().to_numpy().reshape(len(found), queries.shape[1])
    whose = found["query_index"].to_numpy() if "query_index" in found.column_names else np.zeros(len(found), np.int64)
    rows = found.drop_columns(["vector"]).to_pylist()
    answers: list[Answer] = []
    for number, query in enumerate(queries):
        own = np.flatnonzero(whose == number)
        distances = cosine_distances(query, vectors, own).tolist()
        answers.append([(clamped(1.0 - far), rows[row]) for far, row in zip(distances, own.tolist(), strict=True)])
    return answers


_AT_ONCE = 1024


def cosine_distances(
    query: NDArray[np.float32], vectors: NDArray[np.float32], rows: NDArray[np.int64]
) -> NDArray[np.float32]:
    """1 - the cosine of the query (D,) and each of these rows, summed in float64; equal for equal vectors."""
    wide = query.astype(np.float64)
    parts = [np.empty(0)]
    for first in range(0, len(rows), _AT_ONCE):
        some = vectors[rows[first : first + _AT_ONCE]].astype(np.float64)
        parts.append((some * wide).sum(axis=1) / np.sqrt((some * some).sum(axis=1)))
    cosines: NDArray[np.float64] = np.concatenate(parts) / np.linalg.norm(wide)
    return (1 - cosines).astype(np.float32)


def clamped(value: float) -> float:
    """Rounding can make the cosine of equal vectors larger than 1."""
    return min(max(float(value), -1.0), 1.0)


def of_squared(distance: float) -> float:
    """The similarity of unit vectors at this squared distance, which is 2 - 2 cosines."""
    return 1.0 - distance / 2
