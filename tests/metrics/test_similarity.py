"""Cosine similarity: both precisions against a plain float64 product, and the margin between them."""

import numpy as np
import pytest

from reseen.metrics.similarity import exact_similarity, similarity_blocks, too_close, unit_vectors


def test_blocks_are_the_plain_product():
    rng = np.random.default_rng(0)
    query, gallery = rng.standard_normal((7, 5)), rng.standard_normal((11, 5)) * 1e3
    wanted = np.array([6, 0, 3])
    expected = query / np.linalg.norm(query, axis=1)[:, None] @ (gallery / np.linalg.norm(gallery, axis=1)[:, None]).T
    (block,) = similarity_blocks(query, gallery, queries=wanted)
    assert block.queries.tolist() == wanted.tolist()
    np.testing.assert_allclose(block.similarity, expected[wanted], rtol=0, atol=1e-6)
    rows = np.array([10, 2])
    np.testing.assert_allclose(exact_similarity(query[3], gallery, rows=rows), expected[3, rows], rtol=0, atol=1e-12)


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1.0, 1e160, 1e300])
def test_very_long_and_very_short_vectors(scale: float):
    np.testing.assert_allclose(unit_vectors(np.array([[3.0, 4.0]]) * scale), [[0.6, 0.8]], rtol=1e-13)


@pytest.mark.parametrize("width", [2, 64, 2048])
def test_float32_error_stays_well_inside_the_margin(width: int):
    rng = np.random.default_rng(width)
    query, gallery = rng.standard_normal((8, width)) + 1, rng.standard_normal((500, width)) + 1
    (block,) = similarity_blocks(query, gallery, queries=np.arange(8))
    exact = np.stack([exact_similarity(row, gallery, rows=np.arange(500)) for row in query])
    # The order of two is safe if their two errors together stay under the margin.
    assert 2 * np.abs(block.similarity - exact).max() < too_close(width) / 2
