"""Crops to a size: what part of an image is left, by hand and by torchvision's own transform on PIL images."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from reseen.data.transforms import build_transforms

PLAIN = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}


def ramp(height: int, width: int) -> Image.Image:
    """Red rises with the row, green with the column, each by 1 a pixel."""
    rows, columns = np.mgrid[:height, :width]
    return Image.fromarray(np.stack([rows, columns, rows * 0], axis=-1).astype(np.uint8))


@pytest.mark.parametrize(("height", "width"), [(80, 80), (80, 120), (160, 90)])
def test_a_centre_crop_keeps_its_share_of_the_tighter_side(height, width):
    image = build_transforms([{"name": "centre_crop", "share": 0.8}], image_size=(32, 32), **PLAIN)(ramp(height, width))
    pixels = 255 * image
    kept = 0.8 * min(height, width)
    for channel, side, axis in ((0, height, 0), (1, width, 1)):
        line = pixels[channel].mean(dim=1 - axis)
        assert float(line.mean()) == pytest.approx((side - 1) / 2, abs=1.5), "the middle, to a pixel"
        assert float(line[-1] - line[0]) == pytest.approx(kept * 31 / 32, abs=1.5), "so much of it"


def test_a_centre_crop_is_what_evaluation_on_imagenet_does():
    source = Image.fromarray(np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8))
    ours = build_transforms([{"name": "centre_crop", "share": 0.875}], image_size=(224, 224), **PLAIN)(source)
    steps = [v2.PILToTensor(), v2.Resize(256, antialias=True), v2.CenterCrop(224)]
    assert torch.allclose(ours, v2.Compose(steps)(source) / 255, atol=2 / 255)


def test_a_random_crop_stays_within_the_areas_asked_for():
    source = ramp(128, 128)
    line = {"name": "random_resized_crop", "area": [0.25, 0.25], "aspect": [1.0, 1.0]}
    transform = build_transforms([line], image_size=(32, 32), **PLAIN)
    spans = []
    for _ in range(10):
        image = 255 * transform(source)
        spans.append(float(image[0, -1].mean() - image[0, 0].mean()))
    assert spans == pytest.approx([64 * 31 / 32] * 10, abs=2.0), "a quarter of the area is half of each side"
