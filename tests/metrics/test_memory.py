"""The memory that is predicted against what is allocated."""

import tracemalloc

import numpy as np
import pytest

from reseen.metrics import Embedded, evaluate, predict_memory


@pytest.mark.parametrize(
    ("queries", "gallery", "width", "identities"), [(500, 3000, 64, 50), (1500, 8000, 8, 20), (800, 9000, 32, 900)]
)
def test_predicted_memory_is_near_the_memory_that_evaluation_takes(
    queries: int, gallery: int, width: int, identities: int
):
    rng = np.random.default_rng(0)
    sides = [
        Embedded(rng.standard_normal((count, width)), rng.integers(identities, size=count), rng.integers(6, size=count))
        for count in (queries, gallery)
    ]
    evaluate(*sides)
    tracemalloc.start()
    evaluate(*sides)
    allocated = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert allocated < predict_memory(queries, gallery, width, matches=gallery // identities) < 2 * allocated


def test_the_largest_public_set_stays_far_below_a_gigabyte():
    assert predict_memory(11_659, 82_161, 512) < 300_000_000


def test_predicted_memory_is_bounded_however_many_match():
    assert predict_memory(100_000, 1_000_000, 2048, matches=100_000) < 1_000_000_000
