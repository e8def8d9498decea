"""Unit vectors: lengths far apart, and what has no direction."""

import numpy as np
import pytest

from reseen.errors import ReseenError
from reseen.metrics.unit_vectors import checked_unit_vectors, in_range, joint_unit_vectors


@pytest.mark.parametrize("scale", [1e-320, 1e-300, 1e-160, 1.0, 1e160, 1e307])
def test_very_long_and_very_short_vectors_become_unit_vectors(scale: float):
    units = checked_unit_vectors(np.array([[3.0, -4.0], [0.0, -5.0]]) * scale, name="query")
    assert units.dtype == np.float32
    np.testing.assert_allclose(units, [[0.6, -0.8], [0.0, -1.0]], rtol=1e-3 if scale < 1e-310 else 1e-7)


def test_query_and_gallery_become_unit_vectors_in_one_array():
    rng = np.random.default_rng(0)
    query, gallery = rng.standard_normal((3, 4)), rng.standard_normal((5000, 4)).astype(np.float32)
    both = np.concatenate([query, gallery])
    expected = both / np.linalg.norm(both, axis=1, keepdims=True)
    np.testing.assert_allclose(joint_unit_vectors(query, gallery), expected, rtol=0, atol=1e-7)


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf, -np.inf])
def test_vectors_without_direction_are_counted_and_named(bad: float):
    gallery = np.ones((6, 3), dtype=np.float32)
    gallery[4] = bad
    gallery[5] = bad
    with pytest.raises(ReseenError, match=r"2 of 6 gallery vectors are .* first at row 4"):
        joint_unit_vectors(np.ones((2, 3)), gallery)
    query = np.ones((2, 3))
    query[1, 2] = np.nan
    with pytest.raises(ReseenError, match=r"1 of 2 query vectors .* first at row 1"):
        joint_unit_vectors(query, np.ones((6, 3)))


def test_vectors_of_another_width_or_without_rows_are_refused():
    with pytest.raises(ReseenError, match="query vectors have 3 numbers, gallery vectors 4: embed both"):
        joint_unit_vectors(np.ones((2, 3)), np.ones((6, 4)))
    with pytest.raises(
        ReseenError, match=r"gallery vectors: expected \(images, width\), both at least 1, got \(0, 3\)"
    ):
        joint_unit_vectors(np.ones((2, 3)), np.ones((0, 3)))


def test_usual_vectors_are_not_copied():
    for dtype in (np.float32, np.float64):
        vectors = np.ones((3, 2), dtype=dtype)
        assert in_range(vectors) is vectors
