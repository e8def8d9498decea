"""What calibration needs of all pairs, in memory that does not grow with them.

Q = queries, I = identities, B = 2 * STEPS + 1 bins.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from reseen.metrics.kernels.compiled import compiled
from reseen.metrics.verification.pairs import Pairs

STEPS = 2**18
"""Thresholds are whole multiples of 1 / STEPS: finer than float32 leaves a cosine, and exact in it."""

Counts = NDArray[np.int64]


class Best(NamedTuple):
    """The nearest of each query: the largest similarity (Q,) of an entry of its identity and of another's, -inf where
    there is none, and the number (Q,) of its identity.
    """

    identities: NDArray[np.int64]
    genuine: NDArray[np.float32]
    impostor: NDArray[np.float32]


class Tally(NamedTuple):
    """One pass over all pairs.

    ``genuine`` and ``impostor`` (B,): pairs by similarity, bin b holding [b / STEPS - 1, (b + 1) / STEPS - 1).
    ``genuine_pairs`` (I,): how many each identity has. ``best``: each query's nearest of either kind.
    """

    genuine: Counts
    impostor: Counts
    genuine_pairs: Counts
    best: Best


def tally(pairs: Pairs) -> Tally:
    """Count every pair once."""
    genuine, impostor = (np.zeros(2 * STEPS + 1, dtype=np.int64) for _ in range(2))
    queries, entries = pairs.identities
    best = Best(queries, *(np.full(len(queries), -np.inf, dtype=np.float32) for _ in range(2)))
    genuine_pairs = np.zeros(pairs.identity_count, dtype=np.int64)
    for rows, similarity in pairs.blocks():
        flat = similarity.reshape(-1)
        same = np.flatnonzero(queries[rows, None] == entries)
        same = same[flat[same] > -np.inf]
        found, query = flat[same], rows.start + same // len(entries)
        _count_into(genuine, found)
        np.maximum.at(best.genuine, query, found)
        genuine_pairs += np.bincount(queries[query], minlength=len(genuine_pairs))
        flat[same] = -np.inf
        _count_into(impostor, flat)
        best.impostor[rows] = similarity.max(axis=1)
    return Tally(genuine, impostor, genuine_pairs, best)


def accepted_pairs(pairs: Pairs, thresholds: Sequence[float]) -> list[csr_array]:
    """For each threshold an (I, I) count of the pairs that reach it, by the identities of query and gallery entry."""
    queries, entries = pairs.identities
    shape = (pairs.identity_count, pairs.identity_count)
    counts = [csr_array(shape, dtype=np.int64) for _ in thresholds]
    for rows, similarity in pairs.blocks():
        for index, threshold in enumerate(thresholds):
            query, entry = np.divmod(np.flatnonzero(similarity >= threshold), len(entries))
            where = queries[rows][query], entries[entry]
            ones = np.ones(len(query), dtype=np.int64)
            counts[index] = counts[index] + coo_array((ones, where), shape=shape).tocsr()
    return counts


@compiled()
def _count_into(histogram: Counts, similarity: NDArray[np.float32]) -> None:
    """Add to the histogram what is not -inf; what rounding took past -1 or 1 counts as that."""
    for value in similarity:
        if value > -np.inf:
            histogram[int(min(max(np.floor(value * STEPS), -STEPS), STEPS)) + STEPS] += 1
