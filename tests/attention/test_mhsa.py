"""Positioned self-attention against its sum written as loops, and what it says about other maps."""

from math import exp

import numpy as np
import pytest
import torch

from reseen.attention.mhsa import mhsa
from reseen.attention.resize import resized
from reseen.errors import ReseenError
from reseen.types import FeatureMap


def by_loops(maps: torch.Tensor, module: torch.nn.Module, heads: int) -> np.ndarray:
    channels, height, width = maps.shape
    depth, positions = channels // heads, height * width
    flat = maps.flatten(1).T  # (N, C)

    def projected(conv: torch.nn.Conv2d) -> np.ndarray:
        return (flat @ conv.weight[:, :, 0, 0].T + conv.bias).detach().numpy()

    query, key, value = projected(module.query), projected(module.key), projected(module.value)
    rows, columns = module.rows.detach().numpy(), module.columns.detach().numpy()
    out = np.zeros((channels, positions))
    for head in range(heads):
        own = slice(head * depth, (head + 1) * depth)
        for i in range(positions):
            place = rows[head, :, i // width] + columns[head, :, i % width]
            energies = [query[i, own] @ key[j, own] + place @ query[j, own] for j in range(positions)]
            shares = [exp(energy - max(energies)) for energy in energies]
            for j in range(positions):
                out[own, i] += shares[j] / sum(shares) * value[j, own]
    return out.reshape(channels, height, width)


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_it_is_the_sum_over_positions(heads: int) -> None:
    shape = FeatureMap(8, 4, 3)
    module = mhsa(shape, heads=heads).double()
    maps = torch.randn(2, *shape, dtype=torch.float64)
    expected = np.stack([by_loops(one, module, heads) for one in maps])
    np.testing.assert_allclose(module(maps).detach().numpy(), expected, rtol=0, atol=1e-12)


def test_it_counts_as_in_mbr() -> None:
    # Three 1 x 1 of 512^2 + 512, and 16 rows and 16 columns of 512.
    count = sum(p.numel() for p in mhsa(FeatureMap(512, 16, 16)).parameters())
    assert count == 3 * (512 * 512 + 512) + 2 * 16 * 512


def test_another_map_is_refused_with_both_sizes() -> None:
    with pytest.raises(ReseenError, match=r"8 channels of 4 x 3 = 12 positions, got 8 channels of 3 x 4 = 12"):
        mhsa(FeatureMap(8, 4, 3))(torch.randn(1, 8, 3, 4))


def test_heads_must_divide_the_channels() -> None:
    with pytest.raises(ReseenError, match="3 heads do not divide 8 channels"):
        mhsa(FeatureMap(8, 4, 3), heads=3)


def test_resized_positions_are_interpolated() -> None:
    module = mhsa(FeatureMap(8, 4, 3))
    larger = resized(module, FeatureMap(8, 8, 3))
    # The third of 8 cells has its centre at (2 + 1/2) / 2 - 1/2 = 3/4 between the first and the second of 4.
    expected = 0.75 * module.rows[:, :, 1] + 0.25 * module.rows[:, :, 0]
    torch.testing.assert_close(larger.rows[:, :, 2], expected)
    assert torch.equal(larger.columns, module.columns)
    with pytest.raises(ReseenError, match="for 8 channels cannot be resized to 4"):
        resized(module, FeatureMap(4, 8, 3))
