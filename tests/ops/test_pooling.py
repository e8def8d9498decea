"""Every pooling in the table, and the generalized mean against its closed forms."""

import pytest
import torch

from reseen.ops import POOLINGS, generalized_mean


@pytest.fixture
def maps() -> torch.Tensor:
    return torch.rand(3, 5, 4, 2, dtype=torch.float64) + 0.1


@pytest.mark.parametrize("name", POOLINGS)
def test_each_pooling_keeps_images_and_channels_apart(name: str, maps: torch.Tensor) -> None:
    pooling = POOLINGS[name]().double()
    before = maps.clone()
    pooled = pooling(maps)
    assert pooled.shape == (3, 5)
    assert torch.equal(maps, before)
    torch.testing.assert_close(pooling(maps[1:2, 2:3]), pooled[1:2, 2:3])


@pytest.mark.parametrize("name", POOLINGS)
def test_each_pooling_gives_finite_gradients(name: str) -> None:
    maps = torch.randn(2, 3, 4, 4).relu().requires_grad_()  # zeros as after a ReLU
    POOLINGS[name]()(maps).sum().backward()
    assert maps.grad is not None
    assert torch.isfinite(maps.grad).all()


@pytest.mark.parametrize("name", POOLINGS)
def test_half_precision_maps_give_float32_vectors(name: str) -> None:
    assert POOLINGS[name]()(torch.rand(2, 3, 4, 4).bfloat16()).dtype == torch.float32


def test_average_and_max_equal_the_naive_loops(maps: torch.Tensor) -> None:
    flat = [[maps[i, c].flatten().tolist() for c in range(5)] for i in range(3)]
    average = torch.tensor([[sum(v) / 8 for v in row] for row in flat], dtype=torch.float64)
    largest = torch.tensor([[max(v) for v in row] for row in flat], dtype=torch.float64)
    torch.testing.assert_close(POOLINGS["average"]()(maps), average)
    assert torch.equal(POOLINGS["max"]()(maps), largest)


def test_generalized_mean_is_the_average_at_one_the_maximum_far_out_and_2_by_hand(maps: torch.Tensor) -> None:
    torch.testing.assert_close(generalized_mean(maps, p=1.0), maps.mean(dim=(2, 3)))
    torch.testing.assert_close(generalized_mean(maps, p=500.0), maps.amax(dim=(2, 3)), rtol=0.01, atol=0)
    by_hand = torch.tensor([[[[1.0, 7.0]]]])  # sqrt((1 + 49) / 2) = 5
    torch.testing.assert_close(generalized_mean(by_hand, p=2.0), torch.tensor([[5.0]]))


def test_the_exponent_of_gem_is_learned() -> None:
    pooling = POOLINGS["gem"](p=4.0)
    pooling(torch.rand(2, 3, 4, 4)).sum().backward()
    (exponent,) = pooling.parameters()
    assert exponent.item() == 4.0
    assert exponent.grad is not None
    assert exponent.grad.item() != 0
