"""Compiled loops that nothing else holds against a second source: the order of thresholds, and what is hidden."""

import numpy as np
import pytest

from reseen.metrics.kernels.kernels import best_first, hide
from reseen.metrics.kernels.segments import offsets


@pytest.mark.parametrize("longest", [1, 3, 40, 3000])
def test_best_first_is_a_stable_sort_of_each_query(longest: int):
    rng = np.random.default_rng(longest)
    lengths = rng.integers(1, longest + 1, size=30)
    first = offsets(lengths)
    similarity = rng.integers(-longest, longest, size=first[-1]) / 7
    order = np.empty(first[-1], dtype=np.int64)
    best_first(first, similarity, order)
    expected = [
        begin + np.argsort(-similarity[begin : begin + length], kind="stable")
        for begin, length in zip(first, lengths, strict=False)
    ]
    np.testing.assert_array_equal(order, np.concatenate(expected))


def test_hide_takes_out_the_entries_of_ones_own_identity():
    rng = np.random.default_rng(0)
    values = rng.random((20, 50)).astype(np.float32)
    own, identities = rng.integers(-1, 12, size=20), rng.integers(-1, 9, size=50)
    expected = np.where(own[:, None] == identities, -np.inf, values)
    columns = np.argsort(identities, kind="stable")
    hide(values, own, identities=identities[columns], columns=columns)
    np.testing.assert_array_equal(values, expected)
