"""Distances against naive loops and torch's own."""

import math

import pytest
import torch
from torch.nn import functional

from reseen.ops import cosine_similarity, euclidean, squared_euclidean

TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-12}


def naive_euclidean(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    rows = [[math.sqrt(sum((x - y) ** 2 for x, y in zip(p, q, strict=True))) for q in b.tolist()] for p in a.tolist()]
    return torch.tensor(rows, dtype=torch.float64)


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_euclidean_equals_the_naive_loop(dtype: torch.dtype) -> None:
    a, b = torch.randn(5, 7, dtype=dtype), torch.randn(4, 7, dtype=dtype)
    expected = naive_euclidean(a, b)
    torch.testing.assert_close(euclidean(a, b).double(), expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])
    torch.testing.assert_close(
        squared_euclidean(a, b).double(), expected**2, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype]
    )
    assert euclidean(a, b).dtype == dtype


def test_a_common_offset_does_not_cost_the_digits() -> None:
    a, b = torch.randn(6, 8), torch.randn(5, 8)
    far = euclidean(a + 1000, b + 1000)
    # float32 keeps 1000 + x to 6e-5, so distances agree to some 1e-4; without the shift they are off by 0.1.
    torch.testing.assert_close(far, torch.cdist(a, b), rtol=0, atol=1e-3)


def test_coinciding_vectors_are_at_zero_with_a_finite_gradient() -> None:
    a = torch.randn(3, 4, requires_grad=True)
    distances = euclidean(a, a)
    assert torch.equal(distances.diagonal().detach(), torch.zeros(3))
    distances.sum().backward()
    assert a.grad is not None
    assert torch.isfinite(a.grad).all()


def test_gradient_of_euclidean() -> None:
    a = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    b = torch.randn(2, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(euclidean, (a, b))


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_cosine_equals_torch_pair_by_pair(dtype: torch.dtype) -> None:
    a, b = torch.randn(5, 7, dtype=dtype), torch.randn(4, 7, dtype=dtype)
    expected = torch.stack([functional.cosine_similarity(row[None], b) for row in a])
    torch.testing.assert_close(cosine_similarity(a, b), expected, rtol=0, atol=TOLERANCE[dtype])


def test_cosine_stays_within_one_and_zero_is_similar_to_nothing() -> None:
    a = torch.cat([torch.randn(50, 3), torch.zeros(1, 3)])
    similarity = cosine_similarity(a, a)
    assert similarity.max() <= 1
    assert similarity.min() >= -1
    assert not similarity[-1].any()


@pytest.mark.parametrize("function", [squared_euclidean, euclidean, cosine_similarity])
def test_half_precision_is_raised_and_inputs_are_untouched(function) -> None:  # type: ignore[no-untyped-def]
    a, b = torch.randn(3, 4).bfloat16(), torch.randn(2, 4).bfloat16()
    before = a.clone(), b.clone()
    result = function(a, b)
    assert result.dtype == torch.float32
    assert result.shape == (3, 2)
    assert torch.equal(a, before[0])
    assert torch.equal(b, before[1])
