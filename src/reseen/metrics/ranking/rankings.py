"""rankings: the first entries of each query's ranking, as ranked sheets show them.

Q = queries, G = gallery entries, K = entries shown.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from reseen.arrays import as_array
from reseen.metrics.array_types import Bools, Float32, Float64, Indices
from reseen.metrics.embedded import Embedded
from reseen.metrics.kernels.threads import RowThreads
from reseen.metrics.kernels.topk import empty_topk, push
from reseen.metrics.protocol import Protocol, find_protocol
from reseen.metrics.ranking.selection import Selection, select
from reseen.metrics.similarity import exact_similarity, similarity_blocks, too_close
from reseen.metrics.unit_vectors import in_range

ABSENT_ROW = -1


@dataclass(frozen=True, eq=False)
class Rankings:
    """The K best gallery entries of some queries, best first.

    ``queries`` (Q,) rows of the query set; ``indices`` (Q, K) rows of the gallery as it was given, -1 where
    the ranking has fewer entries; ``similarity`` (Q, K) float64 cosine, NaN there; ``is_match`` (Q, K)
    whether the identity is the query's.
    """

    queries: Indices
    indices: Indices
    similarity: Float64
    is_match: Bools


def rankings(
    query: Embedded,
    gallery: Embedded,
    *,
    protocol: str | Protocol = "market1501",
    top: int = 10,
    queries: Sequence[int] | Indices | None = None,
) -> Rankings:
    """Rank the gallery's images for some queries, in the order by which ``evaluate`` counts.

    Args:
        query: The Q images to search for.
        gallery: The G images to search among.
        protocol: A name of ``PROTOCOLS`` or a ``Protocol``. Its tracks and trials change nothing here: every image
            that counts is in the ranking.
        top: Entries to return for each query.
        queries: Rows of ``query``, in any order; None: all.

    Returns:
        The ``top`` most similar images of each query; equal ones in gallery order.

    Raises:
        ReseenError: Unknown protocol, or labels that do not fit it.
        ValueError: ``top`` below 1.

    Example:
        >>> query = Embedded([[1.0, 0.0]], ["ann"])
        >>> gallery = Embedded([[0.0, 1.0], [1.0, 0.1], [1.0, 1.0]], ["bob", "ann", "bob"])
        >>> best = rankings(query, gallery, protocol="wildlife", top=2)
        >>> best.indices.tolist(), best.is_match.tolist()
        ([[1, 2]], [[True, False]])
    """
    if top < 1:
        raise ValueError(f"top: expected at least 1, got {top}")
    selection = select(query, gallery, protocol=find_protocol(protocol))
    wanted = np.arange(len(query)) if queries is None else as_array(queries).astype(np.int64)
    found = Rankings(
        queries=wanted,
        indices=np.full((len(wanted), top), ABSENT_ROW, dtype=np.int64),
        similarity=np.full((len(wanted), top), np.nan),
        is_match=np.zeros((len(wanted), top), dtype=np.bool_),
    )
    for place, best in enumerate(_best_of_each(query, selection, wanted, top=top)):
        shown = place, slice(0, len(best.entries))
        found.indices[shown] = selection.kept[best.entries]
        found.similarity[shown] = best.similarity
        found.is_match[shown] = best.is_match
    return found


class _Best(NamedTuple):
    """The first entries of one ranking, as rows of the selection."""

    entries: Indices
    similarity: Float64
    is_match: Bools


def _best_of_each(query: Embedded, selection: Selection, queries: Indices, *, top: int) -> Iterator[_Best]:
    """The ``top`` best of each query, in the queries' order."""
    vectors, entries, one_thread = in_range(query.vectors), in_range(selection.vectors), RowThreads(1)
    margin = too_close(query.width)
    for block in similarity_blocks(query.vectors, selection.vectors, queries=queries):
        eligible = [selection.eligible(row) for row in block.queries]
        for values, labels in zip(block.similarity, eligible, strict=True):
            values[labels.dropped] = -np.inf
        candidates = _candidates(np.ascontiguousarray(block.similarity), top=top, margin=margin)
        for row, labels, rivals in zip(block.queries, eligible, candidates, strict=True):
            rows = np.full(len(rivals), row)
            exact = exact_similarity(vectors, entries, query_rows=rows, gallery_rows=rivals, threads=one_thread)
            best = np.lexsort((rivals, -exact))[:top]
            yield _Best(rivals[best], exact[best], np.isin(rivals[best], labels.matches))


def _candidates(values: Float32, *, top: int, margin: float) -> Iterator[Indices]:
    """(b, G) float32 similarities -> for each row, ascending, entries among which its ``top`` best in float64 are."""
    best = empty_topk(len(values), count=min(top, values.shape[1]))
    push(best, values, first_row=0, first_entry=0)
    for row, worst in zip(values, best.similarity[:, 0].astype(np.float64), strict=True):
        yield np.flatnonzero((row > -np.inf) & (row >= worst - margin))
