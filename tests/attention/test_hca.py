"""HCA against its description as loops: regions, two sequences, two convolutions, the way back."""

from math import ceil, exp, floor

import numpy as np
import pytest
import torch

from reseen.attention.hca import hca, taps_for
from reseen.types import FeatureMap


def averages(sizes: int, count: int) -> list[range]:
    """The positions that each of ``count`` cells averages, of ``sizes`` in a row."""
    return [range(floor(i * sizes / count), ceil((i + 1) * sizes / count)) for i in range(count)]


def resized(maps: np.ndarray, height: int, width: int) -> np.ndarray:
    channels, rows, columns = maps.shape
    out = np.zeros((channels, height, width))
    for c in range(channels):
        for i, ys in enumerate(averages(rows, height)):
            for j, xs in enumerate(averages(columns, width)):
                out[c, i, j] = np.mean([maps[c, y, x] for y in ys for x in xs])
    return out


def convolved(sequence: list[float], weights: list[float]) -> list[float]:
    """Sigmoid of each place's weighted neighbours; nothing beyond the two ends."""
    half = len(weights) // 2
    found = []
    for place in range(len(sequence)):
        total = 0.0
        for tap, weight in enumerate(weights):
            at = place + tap - half
            if 0 <= at < len(sequence):
                total += weight * sequence[at]
        found.append(1 / (1 + exp(-total)))
    return found


def by_loops(maps: np.ndarray, module: torch.nn.Module, grid: int) -> np.ndarray:
    channels, height, width = maps.shape
    pooled = resized(maps, grid, grid)
    mean = [float(pooled[c].mean()) for c in range(channels)]
    whole = convolved(mean, module.whole.weight.flatten().tolist())
    sequence = [float(pooled[c, i, j]) for i in range(grid) for j in range(grid) for c in range(channels)]
    regions = convolved(sequence, module.regions.weight.flatten().tolist())
    fused = np.zeros_like(pooled)
    for i in range(grid):
        for j in range(grid):
            for c in range(channels):
                fused[c, i, j] = 0.5 * whole[c] + 0.5 * regions[(i * grid + j) * channels + c]
    return maps * resized(fused, height, width)


@pytest.mark.parametrize(("shape", "grid"), [((6, 16, 16), 5), ((64, 8, 7), 5), ((4, 3, 4), 5), ((5, 9, 6), 2)])
def test_it_is_its_description(shape: tuple[int, int, int], grid: int) -> None:
    module = hca(FeatureMap(*shape), grid=grid).double()
    maps = torch.randn(2, *shape, dtype=torch.float64)
    expected = np.stack([by_loops(one.numpy(), module, grid) for one in maps])
    np.testing.assert_allclose(module(maps).detach().numpy(), expected, rtol=0, atol=1e-12)


def test_a_regions_last_channel_reaches_into_the_next_region() -> None:
    module = hca(FeatureMap(8, 5, 5)).double()
    maps = torch.zeros(1, 8, 5, 5, dtype=torch.float64).requires_grad_()
    pooled_at_map = module(maps + 1)  # 5 x 5 regions of a 5 x 5 map: each is its own average
    pooled_at_map[0, 7, 0, 0].backward()
    assert maps.grad[0, 0, 0, 1] != 0, "channel 0 of the next region is a neighbour in the sequence"
    # With three taps and the whole map's mean over channels 6 and 7 only, channel 3 elsewhere cannot matter.
    assert maps.grad[0, 3, 4, 4] == 0


# (log2(C) + 2) / 2: 5.5 -> 5; 4 -> even, 5; 2.5 -> even 2, 3; 6 -> even, 7; 1.5 -> 1.
@pytest.mark.parametrize(("channels", "taps"), [(512, 5), (64, 5), (8, 3), (1024, 7), (2, 1)])
def test_the_taps_grow_with_the_channels(channels: int, taps: int) -> None:
    assert taps_for(channels) == taps


def test_it_has_ten_weights_at_512_channels() -> None:
    assert [tuple(p.shape) for p in hca(FeatureMap(512, 16, 16)).parameters()] == [(1, 1, 5), (1, 1, 5)]
