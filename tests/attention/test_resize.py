"""RGA resized to another map: resampled weights against arithmetic by hand, and what stays the same."""

import pytest
import torch
from torch import nn

from reseen.attention import ATTENTIONS
from reseen.attention.resize import resampled, resized
from reseen.errors import ReseenError
from reseen.types import FeatureMap

MAP = FeatureMap(channels=64, height=16, width=8)


def test_weights_are_bilinear_over_the_grid_and_scaled_by_the_number_of_positions() -> None:
    # A row of two positions to one of four: pixel centres at -.25, .25, .75, 1.25 of the old ones, ends held.
    weight = torch.tensor([[0.0, 8.0]])
    expected = torch.tensor([[0.0, 2.0, 6.0, 8.0]]) * 2 / 4
    assert torch.equal(resampled(weight, source=FeatureMap(1, 1, 2), target=FeatureMap(1, 1, 4)), expected)


def test_rows_and_columns_are_not_mixed_up() -> None:
    # Raster order: the second row holds 1, the first 0; twice as wide, it still does, halved by the count.
    weight = torch.tensor([[0.0, 0.0, 0.0, 1.0, 1.0, 1.0]])
    expected = torch.tensor([[0.0] * 6 + [0.5] * 6])
    assert torch.equal(resampled(weight, source=FeatureMap(1, 2, 3), target=FeatureMap(1, 2, 6)), expected)


@pytest.mark.parametrize("name", ["rga_s", "rga_c", "rga_sc", "rga_cs", "rga_parallel"])
def test_resized_to_its_own_size_nothing_changes(name: str) -> None:
    module = ATTENTIONS[name](MAP).eval()
    maps = torch.randn(2, *MAP)
    assert torch.equal(resized(module, MAP)(maps), module(maps))


@pytest.mark.parametrize("name", ["rga_s", "rga_c", "rga_sc"])
def test_maps_constant_over_positions_are_gated_as_before(name: str) -> None:
    # Sums over positions are kept by the scale, so maps without spatial structure see no difference.
    module = ATTENTIONS[name](MAP).double().eval()
    small = torch.rand(2, 64, 1, 1, dtype=torch.float64).expand(2, *MAP)
    large = small[:, :, :1, :1].expand(2, 64, 32, 16)
    larger = resized(module, FeatureMap(64, 32, 16))
    torch.testing.assert_close(larger(large)[:, :, :1, :1], module(small)[:, :, :1, :1])


def test_a_resized_module_learns_all_its_weights() -> None:
    larger = resized(ATTENTIONS["rga_sc"](MAP), FeatureMap(64, 24, 8))
    larger(torch.randn(4, 64, 24, 8)).square().sum().backward()
    assert all(parameter.grad is not None for parameter in larger.parameters())
    layers = [m for m in larger.modules() if isinstance(m, nn.Conv2d)]
    assert all(layer.in_channels == layer.weight.shape[1] for layer in layers)


def test_other_channels_cannot_be_resized_to() -> None:
    with pytest.raises(ReseenError, match="for 64 channels cannot be resized to 32"):
        resized(ATTENTIONS["rga_s"](MAP), FeatureMap(32, 16, 8))
