"""k-reciprocal distances against sets and dictionaries in float64, and against the dense form of the benchmark."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from naive_reranking import naive_k_reciprocal
from reseen.errors import ReseenError
from reseen.metrics import similarity
from reseen.metrics.postprocess import neighbours
from reseen.metrics.postprocess.rerank import KReciprocal, k_reciprocal

DENSE = Path(__file__).parents[3] / "benchmarks" / "reranking_dense.py"


def clustered(seed: int, *, queries: int = 12, gallery: int = 50, width: int = 8):
    """Vectors of any length around a few centres, so that sets overlap, grow and are refused."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((6, width))
    own = rng.integers(6, size=queries + gallery)
    vectors = centres[own] + rng.uniform(0.2, 0.9) * rng.standard_normal((queries + gallery, width))
    vectors = (vectors * rng.uniform(0.1, 10, size=(len(vectors), 1))).astype(np.float32)
    return vectors[:queries], vectors[queries:]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    ("k1", "k2", "weight"), [(20, 6, 0.3), (1, 1, 0.0), (2, 2, 0.5), (5, 3, 0.5), (7, 1, 1.0), (50, 16, 0.3)]
)
def test_k_reciprocal_equals_the_definition(seed: int, k1: int, k2: int, weight: float):
    query, gallery = clustered(seed)
    expected = naive_k_reciprocal(query, gallery, k1=k1, k2=k2, weight=weight)
    found = k_reciprocal(query, gallery, k1=k1, k2=k2, weight=weight)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=0, atol=3e-6)


@pytest.mark.parametrize("seed", range(8))
def test_k_reciprocal_ranks_equal_vectors_in_the_order_of_rows(seed: int):
    query, gallery = clustered(seed)
    gallery[::3] = gallery[0]
    gallery[1:5] = query[:4]
    expected = naive_k_reciprocal(query, gallery, k1=6, k2=3, weight=0.3)
    np.testing.assert_allclose(k_reciprocal(query, gallery, k1=6, k2=3), expected, rtol=0, atol=3e-6)


def test_k_reciprocal_equals_the_dense_form_of_the_benchmark():
    query, gallery = clustered(1, queries=60, gallery=400, width=32)
    expected = runpy.run_path(str(DENSE))["dense_k_reciprocal"](query, gallery)
    np.testing.assert_allclose(k_reciprocal(query, gallery), expected, rtol=0, atol=3e-6)


def test_k_reciprocal_is_the_same_for_tiles_of_any_size(monkeypatch: pytest.MonkeyPatch):
    query, gallery = clustered(2, queries=30, gallery=170)
    whole = k_reciprocal(query, gallery)
    monkeypatch.setattr(neighbours, "_TILE_ROWS", 7)
    monkeypatch.setattr(neighbours, "_TILE_ENTRIES", 7 * 90)
    monkeypatch.setattr(similarity, "_BLOCK_ENTRIES", 7 * 90)
    np.testing.assert_allclose(k_reciprocal(query, gallery), whole, rtol=0, atol=1e-6)


def test_k_reciprocal_is_the_same_by_torch():
    query, gallery = clustered(3, queries=30, gallery=170)
    gallery[:40] = gallery[40:80]
    found = k_reciprocal(query, gallery, device="cpu:0")
    np.testing.assert_allclose(found, k_reciprocal(query, gallery), rtol=0, atol=1e-6)


def test_blocks_of_a_re_ranking_are_minus_the_distances_of_the_wanted_queries(monkeypatch: pytest.MonkeyPatch):
    query, gallery = clustered(4)
    distances = k_reciprocal(query, gallery, k1=6, k2=3, weight=0.2)
    monkeypatch.setattr(similarity, "_BLOCK_ENTRIES", 3 * len(gallery))
    wanted = np.array([11, 2, 5, 7, 0])
    blocks = list(KReciprocal(k1=6, k2=3, weight=0.2).blocks(query, gallery, queries=wanted))
    assert [len(block.queries) for block in blocks] == [3, 2]
    assert np.concatenate([block.queries for block in blocks]).tolist() == wanted.tolist()
    np.testing.assert_allclose(
        np.concatenate([block.similarity for block in blocks]), -distances[wanted], rtol=0, atol=1e-6
    )


def test_k_reciprocal_ignores_length_and_precision_and_writes_into_nothing():
    query, gallery = clustered(5)
    wide = query.astype(np.float64) * 1e200, gallery.astype(np.float64) * 1e-200
    for side in (query, gallery, *wide):
        side.flags.writeable = False
    np.testing.assert_allclose(k_reciprocal(*wide), k_reciprocal(query, gallery), rtol=0, atol=3e-6)


def test_k_reciprocal_of_equal_vectors_is_zero():
    query, gallery = np.ones((2, 4)), np.ones((5, 4))
    np.testing.assert_allclose(k_reciprocal(query, gallery, k1=5, k2=2, weight=1.0), 0, rtol=0, atol=1e-6)
    assert np.isfinite(k_reciprocal(query, gallery, k1=5, k2=2)).all()


def test_k_reciprocal_describes_its_settings():
    assert KReciprocal().describe() == "k-reciprocal (k1=20, k2=6, weight=0.3)"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"k1": 0}, "k1: expected at least 1 neighbour, got 0"),
        ({"k2": 0}, "k2: expected 1 to k1 = 20, got 0"),
        ({"k2": 21}, "k2: expected 1 to k1 = 20, got 21"),
        ({"weight": 1.5}, "weight: expected 0 .* to 1 .*, got 1.5"),
        ({"weight": float("nan")}, "weight: expected 0 .* to 1 .*, got nan"),
        ({"k1": 51}, "k1: expected at most the gallery's 50 images, got 51; take a smaller k1"),
    ],
)
def test_k_reciprocal_refuses_settings_out_of_bounds(settings, message: str):
    with pytest.raises(ReseenError, match=message):
        k_reciprocal(*clustered(0), **settings)
