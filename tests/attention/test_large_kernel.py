"""LKA and LSKA against their equations written as loops over positions."""

from math import erf, sqrt

import numpy as np
import pytest
import torch

from reseen.attention.lka import decomposed, lka
from reseen.attention.lska import lska
from reseen.errors import ReseenError
from reseen.types import FeatureMap

MAP = FeatureMap(3, 6, 5)


def array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().numpy()


def pointwise(maps: np.ndarray, conv: torch.nn.Conv2d) -> np.ndarray:
    return np.einsum("chw,oc->ohw", maps, array(conv.weight)[:, :, 0, 0]) + array(conv.bias)[:, None, None]


def depthwise_by_loops(maps: np.ndarray, conv: torch.nn.Conv2d, dilation: int) -> np.ndarray:
    weight, bias = array(conv.weight), array(conv.bias)
    _, _, tall, wide = weight.shape
    channels, height, width = maps.shape
    out = np.zeros_like(maps)
    for c in range(channels):
        for y in range(height):
            for x in range(width):
                total = bias[c]
                for i in range(tall):
                    for j in range(wide):
                        at_y, at_x = y + dilation * (i - tall // 2), x + dilation * (j - wide // 2)
                        if 0 <= at_y < height and 0 <= at_x < width:
                            total += weight[c, 0, i, j] * maps[c, at_y, at_x]
                out[c, y, x] = total
    return out


def block(maps: np.ndarray, module: torch.nn.Module, dilations: list[int]) -> np.ndarray:
    gelu = np.vectorize(lambda value: value * (1 + erf(value / sqrt(2))) / 2)
    features = pointwise(gelu(maps), module.proj_in)
    attention = features
    for conv, dilation in zip(list(module.attention)[:-1], dilations, strict=True):
        attention = depthwise_by_loops(attention, conv, dilation)
    attention = pointwise(attention, module.attention[-1])
    return pointwise(attention * features, module.proj_out) + maps


@pytest.mark.parametrize(("factory", "dilations"), [(lka, [1, 3]), (lska, [1, 1, 3, 3])])
def test_it_is_the_papers_equations(factory, dilations) -> None:
    module = factory(MAP).double()
    maps = torch.randn(2, *MAP, dtype=torch.float64)
    expected = np.stack([block(array(one), module, dilations) for one in maps])
    np.testing.assert_allclose(array(module(maps)), expected, rtol=0, atol=1e-12)


def test_the_convolutions_have_the_papers_sizes() -> None:
    near, far, mix = lka(FeatureMap(512, 16, 16)).attention
    assert (near.kernel_size, near.dilation, near.groups) == ((5, 5), (1, 1), 512)
    assert (far.kernel_size, far.dilation, far.groups) == ((7, 7), (3, 3), 512)
    assert mix.kernel_size == (1, 1)
    # Three 1 x 1 of 512^2 + 512, and 25 + 1 and 49 + 1 a channel.
    assert sum(p.numel() for p in lka(FeatureMap(512, 16, 16)).parameters()) == 3 * 262_656 + 512 * (26 + 50)
    # Rows and columns instead: 5 + 1 twice, 7 + 1 twice.
    assert sum(p.numel() for p in lska(FeatureMap(512, 16, 16)).parameters()) == 3 * 262_656 + 512 * (2 * 6 + 2 * 8)


def test_a_separable_kernel_is_the_product_of_row_and_column() -> None:
    separable, whole = lska(MAP).double(), lka(MAP).double()
    whole.proj_in.load_state_dict(separable.proj_in.state_dict())
    whole.proj_out.load_state_dict(separable.proj_out.state_dict())
    row, column, far_row, far_column, mix = separable.attention
    with torch.no_grad():
        for across, down, joined in ((row, column, whole.attention[0]), (far_row, far_column, whole.attention[1])):
            across.bias.zero_()
            joined.weight.copy_(down.weight * across.weight)
            joined.bias.copy_(down.bias)
        whole.attention[2].load_state_dict(mix.state_dict())
    maps = torch.randn(2, *MAP, dtype=torch.float64)
    torch.testing.assert_close(separable(maps), whole(maps), rtol=0, atol=1e-12)


def test_a_kernel_that_has_no_middle_is_refused() -> None:
    assert decomposed(7, 1) == (1, 7)
    with pytest.raises(ReseenError, match="kernel of 23 at dilation 3 has 8 taps, expected an odd number"):
        lka(MAP, kernel=23)
