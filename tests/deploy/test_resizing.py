"""The exported resize gives torchvision's bytes."""

import numpy as np
import pytest
import torch
from torchvision.transforms import v2

from reseen.deploy.resizing import resize

SIZES = [(128, 128), (256, 128), (32, 48), (1, 1)]


@pytest.mark.parametrize("image_size", SIZES)
def test_the_exported_resize_gives_every_byte_of_torchvisions(image_size: tuple[int, int]) -> None:
    generator = np.random.default_rng(0)
    given = [image_size, (image_size[0], 300), (1, 1), (2000, 3), (64, 64), *generator.integers(1, 400, (12, 2))]
    for height, width in given:
        images = torch.from_numpy(generator.integers(0, 256, (2, height, width, 3), dtype=np.uint8))
        expected = v2.Resize(image_size, antialias=True)(images.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        assert torch.equal(resize(images, image_size), expected.float()), (height, width)


def test_the_exported_resize_keeps_extremes_within_bytes() -> None:
    for value in (0, 255):
        images = torch.full((1, 301, 77, 3), value, dtype=torch.uint8)
        assert torch.equal(resize(images, (40, 90)), torch.full((1, 40, 90, 3), float(value)))


def test_the_exported_resize_of_four_pixels_to_two_gives_the_numbers_computed_by_hand() -> None:
    # 4 -> 2: reach 2, so output 0 at 1.0 weighs inputs at 0.5, 1.5, 2.5 by .75, .75, .25 of 1.75.
    images = torch.tensor([0, 100, 200, 50], dtype=torch.uint8).reshape(1, 1, 4, 1).repeat(1, 1, 1, 3)
    first, second = (0.75 * 100 + 0.25 * 200) / 1.75, (0.25 * 100 + 0.75 * 200 + 0.75 * 50) / 1.75
    assert resize(images, (1, 2))[0, 0, :, 0].tolist() == [round(first), round(second)]
