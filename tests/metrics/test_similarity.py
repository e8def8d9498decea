"""Cosine similarity: both precisions against a plain float64 product, and the margin between them."""

import numpy as np
import pytest

from reseen.metrics.kernels.threads import RowThreads
from reseen.metrics.similarity import exact_similarity, similarity_blocks, too_close
from reseen.metrics.unit_vectors import in_range, unit_vectors


def exact_matrix(query: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    """(Q, D), (G, D) -> (Q, G) of ``exact_similarity``, every pair on its own."""
    rows = [index.ravel() for index in np.indices((len(query), len(gallery)))]
    with RowThreads(2) as threads:
        found = exact_similarity(query, gallery, query_rows=rows[0], gallery_rows=rows[1], threads=threads)
    return found.reshape(len(query), len(gallery))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_both_precisions_are_the_plain_product(dtype):
    rng = np.random.default_rng(0)
    query, gallery = (rng.standard_normal((count, 5)).astype(dtype) * 1000 for count in (7, 11))
    wanted = np.array([6, 0, 3])
    units = [side.astype(float) / np.linalg.norm(side.astype(float), axis=1)[:, None] for side in (query, gallery)]
    expected = units[0] @ units[1].T
    (block,) = similarity_blocks(query, gallery, queries=wanted)
    assert block.queries.tolist() == wanted.tolist()
    np.testing.assert_allclose(block.similarity, expected[wanted], rtol=0, atol=1e-6)
    np.testing.assert_allclose(exact_matrix(query, gallery), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1.0, 1e160, 1e300])
def test_similarities_of_very_long_and_very_short_vectors(scale: float):
    vectors = in_range(np.array([[3.0, 4.0], [-5.0, 12.0]]) * scale)
    np.testing.assert_allclose(unit_vectors(vectors), [[0.6, 0.8], [-5 / 13, 12 / 13]], rtol=1e-7)
    np.testing.assert_allclose(exact_matrix(vectors[:1], vectors), [[1, 33 / 65]], rtol=0, atol=1e-12)


@pytest.mark.parametrize("width", [2, 64, 2048])
def test_float32_error_stays_well_inside_the_margin(width: int):
    rng = np.random.default_rng(width)
    query, gallery = rng.standard_normal((8, width)) + 1, rng.standard_normal((500, width)) + 1
    (block,) = similarity_blocks(query, gallery, queries=np.arange(8))
    # The order of two is safe if their two errors together stay under the margin.
    assert 2 * np.abs(block.similarity - exact_matrix(query, gallery)).max() < too_close(width) / 2
