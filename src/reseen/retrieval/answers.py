"""Answers to queries as similarities and rows, from LanceDB's distances.

Q = queries, K = matches of each query.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

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


def clamped(value: float) -> float:
    """Rounding can make the cosine of equal vectors larger than 1."""
    return min(max(float(value), -1.0), 1.0)


def of_cosine(distance: float) -> float:
    """The similarity of LanceDB's cosine distance."""
    return 1.0 - distance


def of_squared(distance: float) -> float:
    """The similarity of unit vectors at this squared distance, which is 2 - 2 cosines."""
    return 1.0 - distance / 2
