"""Expansion against a plain loop in float64."""

import numpy as np
import pytest

from reseen.errors import ReseenError
from reseen.metrics.postprocess import expand
from reseen.metrics.postprocess.expand import expand_gallery, expand_query


def unit(vectors):
    vectors = np.asarray(vectors, dtype=np.float64)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def naive_expansion(vectors, others, *, top: int, alpha: float, itself: bool):
    expanded = []
    for row, own in enumerate(unit(vectors)):
        scored = [(float(own @ other), other) for place, other in enumerate(unit(others)) if not itself or place != row]
        best = sorted(scored, key=lambda pair: -pair[0])[:top]
        expanded.append(own + sum(max(similarity, 0.0) ** alpha * other for similarity, other in best))
    return unit(expanded)


def made(seed: int, *, count: int):
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((count, 5)) * rng.uniform(0.1, 10, size=(count, 1))).astype(np.float32)


@pytest.mark.parametrize("device", ["cpu", "cpu:0"])
@pytest.mark.parametrize(("top", "alpha"), [(1, 0.0), (5, 0.0), (3, 1.0), (24, 3.0)])
def test_query_and_gallery_expansion_equal_the_plain_loop(
    monkeypatch: pytest.MonkeyPatch, top: int, alpha: float, device: str
):
    monkeypatch.setattr(expand, "_GATHERED_NUMBERS", 100)
    query, gallery = made(0, count=9), made(1, count=25)
    found = expand_query(query, gallery, top=top, alpha=alpha, device=device)
    assert found.dtype == np.float32
    expected = naive_expansion(query, gallery, top=top, alpha=alpha, itself=False)
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6)
    found = expand_gallery(gallery, top=top, alpha=alpha, device=device)
    expected = naive_expansion(gallery, gallery, top=top, alpha=alpha, itself=True)
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6)


def test_query_expansion_by_hand():
    # (1, 0) and its nearest, (0.6, 0.8), sum to (1.6, 0.8); weighted by 0.6 ** 2 to (1.216, 0.288).
    query, gallery = np.array([[2.0, 0.0]]), np.array([[3.0, 4.0], [0.0, 1.0]])
    np.testing.assert_allclose(expand_query(query, gallery, top=1), [unit([1.6, 0.8])], rtol=1e-6)
    np.testing.assert_allclose(expand_query(query, gallery, top=1, alpha=2.0), [unit([1.216, 0.288])], rtol=1e-6)


def test_expansion_refuses_arguments_out_of_bounds():
    query, gallery = made(0, count=9), made(1, count=25)
    with pytest.raises(ReseenError, match="top: expected 1 to 25, the gallery entries that can be added, got 26"):
        expand_query(query, gallery, top=26)
    with pytest.raises(ReseenError, match="top: expected 1 to 24, the gallery entries that can be added, got 25"):
        expand_gallery(gallery, top=25)
    with pytest.raises(ReseenError, match=r"top: expected 1 to 25.* got 0"):
        expand_query(query, gallery, top=0)
    with pytest.raises(ReseenError, match=r"alpha: expected 0 .* or more, got -1"):
        expand_query(query, gallery, alpha=-1)
    with pytest.raises(ReseenError, match="query vectors have 4 numbers, gallery vectors 5"):
        expand_query(query[:, :4], gallery)
