"""The counter of rivals: the order of a query's matches, which no other test holds against a second source."""

import numpy as np
import pytest

from reseen.metrics.kernels.ragged import offsets
from reseen.metrics.ranking.ranks import rival_counter
from reseen.metrics.ranking.selection import Matches


@pytest.mark.parametrize("longest", [1, 3, 40, 3000])
def test_matches_are_ordered_by_a_stable_sort_of_each_query(longest: int):
    rng = np.random.default_rng(longest)
    lengths = rng.integers(1, longest + 1, size=30)
    first = offsets(lengths)
    similarity = rng.integers(-longest, longest, size=first[-1]) / 7
    matches = Matches(queries=np.arange(30), first=first, entries=np.arange(first[-1]))
    expected = [
        begin + np.argsort(-similarity[begin : begin + length], kind="stable")
        for begin, length in zip(first, lengths, strict=False)
    ]
    counter = rival_counter(matches, similarity, identities=np.arange(30), margin=0.0)
    np.testing.assert_array_equal(counter.thresholds.entries, np.concatenate(expected))
