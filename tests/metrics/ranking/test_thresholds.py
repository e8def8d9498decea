"""The compiled counting against plain comparisons: both ways of counting, and what is left to decide."""

import numpy as np
import pytest

from reseen.metrics.kernels.ragged import offsets
from reseen.metrics.ranking import thresholds as module
from reseen.metrics.ranking.thresholds import SEARCH_FROM, ThresholdCounts, Thresholds, count, decide

MARGIN = 0.004


def random_thresholds(rng: np.random.Generator, lengths: list[int]) -> Thresholds:
    """Thresholds in steps of a hundredth, so that many are equal; entries ascend among equals."""
    similarity = np.concatenate([-np.sort(-rng.integers(-100, 100, length) / 100) for length in lengths])
    return Thresholds(
        first=offsets(np.array(lengths)),
        entries=np.arange(len(similarity)) * 3 + 1,
        similarity=similarity,
        low=(similarity - MARGIN).astype(np.float32),
        high=(similarity + MARGIN).astype(np.float32),
    )


def decided(thresholds: Thresholds, values: np.ndarray, exact: np.ndarray) -> tuple[np.ndarray, ...]:
    """Rivals above each threshold, as similar, and as similar but earlier, as the kernels count them."""
    places = len(thresholds.entries)
    counts = ThresholdCounts(np.zeros(places, dtype=np.int64), *np.zeros((3, places + 1), dtype=np.int64))
    close_calls = count(values, thresholds, first=thresholds.first, counts=counts)
    similarity = exact[close_calls.queries, close_calls.columns]
    decide(thresholds, close_calls, entries=close_calls.columns * 3, similarity=similarity, counts=counts)
    above, tied, earlier = (steps[:-1].cumsum() for steps in counts[1:])
    return counts.certain + above, tied, earlier


@pytest.mark.parametrize("lengths", [[1, 5, 40], [SEARCH_FROM, 3, SEARCH_FROM + 200]], ids=["passes", "search"])
@pytest.mark.parametrize("seed", range(5))
def test_counts_are_those_of_plain_comparisons(seed: int, lengths: list[int]):
    rng = np.random.default_rng(seed)
    thresholds = random_thresholds(rng, lengths)
    exact = rng.integers(-120, 120, (len(lengths), 1500)) / 100
    values = (exact + rng.uniform(-MARGIN, MARGIN, exact.shape) * 0.99).astype(np.float32)
    values[0, :7] = exact[0, :7] = -np.inf
    above, tied, earlier = decided(thresholds, values, exact)
    columns = np.arange(exact.shape[1]) * 3
    for query, (begin, end) in enumerate(zip(thresholds.first, thresholds.first[1:], strict=False)):
        matches = thresholds.similarity[begin:end, None]
        assert above[begin:end].tolist() == (exact[query] > matches).sum(axis=1).tolist()
        assert tied[begin:end].tolist() == (exact[query] == matches).sum(axis=1).tolist()
        before = (exact[query] == matches) & (columns < thresholds.entries[begin:end, None])
        assert earlier[begin:end].tolist() == before.sum(axis=1).tolist()


@pytest.mark.parametrize("seed", range(5))
def test_both_ways_of_counting_agree(seed: int):
    rng = np.random.default_rng(seed)
    thresholds = random_thresholds(rng, [30])
    values = (rng.integers(-120, 120, 900) / 100 + rng.uniform(-1, 1, 900) * 2 * MARGIN).astype(np.float32)
    found = []
    for way in (module._count_by_passes, module._count_by_search):
        counted, free = np.zeros(30, dtype=np.int64), module._room(900)
        close = way(module._Row(values, thresholds.low, thresholds.high, counted), free)
        close_calls = sorted(zip(free.columns[:close], free.values[:close], free.counted_from[:close], strict=True))
        found.append((counted.tolist(), close_calls))
    assert found[0] == found[1]
    assert 0 < len(found[0][1]) < 900
