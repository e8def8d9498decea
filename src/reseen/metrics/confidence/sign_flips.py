"""The p-values of paired differences by a permutation test, which flips the signs of identities' differences.

I = identities, S = scores.
"""

from collections.abc import Iterator

import numpy as np

from reseen.metrics.array_types import Float64

_AT_ONCE = 4_000_000
"""Signs held at once: 32 MB."""


def sign_flip_p_values(sums: Float64, *, resamples: int, seed: int) -> Float64:
    """(S, I) differences summed by identity -> (S,) two-sided p-values.

    The share of sign patterns whose total is at least as far from zero; of patterns drawn at random, the given one
    counts as one more.
    """
    totals = np.abs(sums.sum(axis=1))
    least = totals - 1e-9 * np.abs(sums).sum(axis=1)
    as_far, patterns = np.zeros(len(sums), dtype=np.int64), 0
    exact = 2 ** sums.shape[1] <= resamples
    for signs in _all_signs(sums.shape[1]) if exact else _random_signs(sums.shape[1], resamples, seed):
        as_far += (np.abs(signs @ sums.T) >= least).sum(axis=0)
        patterns += len(signs)
    return np.asarray(as_far / patterns if exact else (as_far + 1) / (patterns + 1))


def _all_signs(identities: int) -> Iterator[Float64]:
    bits = np.arange(2**identities)[:, None] >> np.arange(identities) & 1
    yield (1 - 2 * bits).astype(np.float64)


def _random_signs(identities: int, resamples: int, seed: int) -> Iterator[Float64]:
    generator = np.random.default_rng(seed)
    step = max(1, _AT_ONCE // identities)
    for start in range(0, resamples, step):
        size = min(step, resamples - start), identities
        yield (1 - 2 * generator.integers(0, 2, size=size)).astype(np.float64)
