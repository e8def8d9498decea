"""Large images come to the network's size strip by strip, with the bytes of the transform in evaluation."""

import numpy as np
import pytest
import torch
from PIL import Image

from reseen.data import strips
from reseen.data.transforms import resize


@pytest.mark.parametrize("size", [(32, 48), (300, 20), (61, 211), (150, 97)])
@pytest.mark.parametrize("strip", [1, 1000, 211 * 97, 10**6])
def test_strips_give_the_bytes_of_the_whole_image_resized(
    size: tuple[int, int], strip: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strips, "STRIP", strip)
    pixels = np.random.default_rng(0).integers(0, 256, (97, 211, 3), np.uint8)
    expected = resize(image_size=size)(torch.from_numpy(pixels).permute(2, 0, 1)).permute(1, 2, 0).numpy()
    found = strips.resized(Image.fromarray(pixels), size)
    assert found.shape == (*size, 3)
    assert np.array_equal(found, expected)


@pytest.mark.skipif(torch.backends.cpu.get_cpu_capability() == "DEFAULT", reason="torch rounds once on this processor")
def test_a_large_image_is_never_copied_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strips, "STRIP", 1000)
    copied: list[int] = []
    as_array = np.array
    monkeypatch.setattr(strips.np, "array", lambda image: copied.append(image.height) or as_array(image))
    strips.resized(Image.new("RGB", (100, 95)), (8, 8))
    assert copied == [10] * 9 + [5]
