"""Counts over all pairs for calibration, in memory that does not grow with their number.

Q = queries, I = identities, B = 2 * STEPS + 1 bins.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array, csr_array

from reseen.metrics.array_types import Float32, Int64
from reseen.metrics.kernels.compiled import compiled
from reseen.metrics.verification.pairs import Pairs

STEPS = 2**18
"""Thresholds are whole multiples of 1 / STEPS: finer than float32 leaves a cosine, and exact in it."""


class NearestPairs(NamedTuple):
    """For each query the number (Q,) of its identity, and the largest similarity (Q,) of an entry of that identity and
    of another; -inf where there is none.
    """

    identities: Int64
    genuine: Float32
    impostor: Float32


class PairCounts(NamedTuple):
    """Counts of all pairs.

    ``genuine`` and ``impostor`` (B,): pairs by similarity, bin b holding [b / STEPS - 1, (b + 1) / STEPS - 1).
    ``genuine_pairs`` (I,): how many each identity has. ``nearest``: each query's nearest of either kind.
    """

    genuine: Int64
    impostor: Int64
    genuine_pairs: Int64
    nearest: NearestPairs


def count_pairs(pairs: Pairs) -> PairCounts:
    """Count every pair once."""
    genuine, impostor = (np.zeros(2 * STEPS + 1, dtype=np.int64) for _ in range(2))
    queries, entries = pairs.identities
    nearest = NearestPairs(queries, *(np.full(len(queries), -np.inf, dtype=np.float32) for _ in range(2)))
    genuine_pairs = np.zeros(pairs.identity_count, dtype=np.int64)
    for rows, similarity in pairs.blocks():
        flat = similarity.reshape(-1)
        same = np.flatnonzero(queries[rows, None] == entries)
        same = same[flat[same] > -np.inf]
        of_same, query = flat[same], rows.start + same // len(entries)
        _count_into(genuine, of_same)
        np.maximum.at(nearest.genuine, query, of_same)
        genuine_pairs += np.bincount(queries[query], minlength=len(genuine_pairs))
        flat[same] = -np.inf
        _count_into(impostor, flat)
        nearest.impostor[rows] = similarity.max(axis=1)
    return PairCounts(genuine, impostor, genuine_pairs, nearest)


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
def _count_into(histogram: Int64, similarity: Float32) -> None:
    """Add similarities above -inf to the histogram; those that rounding took past -1 or 1 count as -1 or 1."""
    for value in similarity:
        if value > -np.inf:
            histogram[int(min(max(np.floor(value * STEPS), -STEPS), STEPS)) + STEPS] += 1
