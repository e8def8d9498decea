"""Images and labels moved together."""

import numpy as np
import pytest
import torch
from PIL import Image

from reseen.data.dataset import Draw
from reseen.tasks.segment.classes import IGNORE
from reseen.tasks.segment.joint import plain_transform, training_transform
from reseen.tasks.segment.reader import read_scenes
from reseen.tasks.segment.scenes import Scenes

HALF = {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}


def coded(height: int = 24, width: int = 40) -> tuple[Image.Image, np.ndarray]:
    """An image whose red channel is its class times ten, so that where labels went the image must have gone."""
    classes = (np.arange(height)[:, None] // 6 * 4 + np.arange(width)[None] // 10).astype(np.uint8)
    source = np.zeros((height, width, 3), np.uint8)
    source[..., 0] = 10 * classes
    return Image.fromarray(source), classes


def test_plain_is_the_image_normalised():
    source, classes = coded()
    image, labels = plain_transform(mean=(0.1, 0.2, 0.3), std=(0.5, 0.4, 0.3))(source, classes)
    expected = (np.asarray(source) / 255 - (0.1, 0.2, 0.3)) / (0.5, 0.4, 0.3)
    assert torch.allclose(image.permute(1, 2, 0), torch.tensor(expected, dtype=torch.float32), atol=1e-6)
    assert labels.dtype == torch.int64
    assert np.array_equal(labels.numpy(), classes)


@pytest.mark.parametrize("size", [(16, 16), (24, 40), (48, 30)])
def test_labels_stay_true_to_the_image(size):
    """Without scaling no value is interpolated: each pixel's red is ten times its class, or padding in both."""
    source, classes = coded()
    transform = training_transform(size, scale=(1.0, 1.0), flip=0.5, colours=(), **HALF)
    mirrored = False
    for seed in range(8):
        torch.manual_seed(seed)
        image, labels = transform(source, classes)
        assert image.shape == (3, *size)
        assert labels.shape == size
        red = ((image[0] * 0.5 + 0.5) * 255).round().long()
        shown = labels != IGNORE
        assert torch.equal(red[shown], 10 * labels[shown])
        assert (image[:, ~shown].abs() < 0.01).all(), "padding is the mean colour"
        assert int(shown.sum()) > 0
        mirrored |= bool((labels[shown].diff() < 0).any())
    assert mirrored


def test_a_piece_larger_than_the_image_holds_all_of_it_or_padding():
    source, classes = coded()
    transform = training_transform((60, 90), scale=(1.0, 1.0), flip=0.0, colours=(), **HALF)
    _, labels = transform(source, classes)
    assert int((labels != IGNORE).sum()) <= classes.size
    assert int((labels == IGNORE).sum()) >= 60 * 90 - classes.size


def test_scaling_by_two_makes_every_label_four():
    source, classes = coded()
    transform = training_transform((48, 80), scale=(2.0, 2.0), flip=0.0, colours=(), **HALF)
    _, labels = transform(source, classes)
    assert np.array_equal(labels.numpy(), classes.repeat(2, 0).repeat(2, 1))


def test_a_draw_decides_everything(scenes):
    pairs = read_scenes(scenes()).train
    transform = training_transform((16, 16), scale=(0.5, 2.0), flip=0.5, colours=(), **HALF)
    data = Scenes(pairs, transform=transform)
    one, same, other = data[Draw(0, 5)], data[Draw(0, 5)], data[Draw(0, 6)]
    assert torch.equal(one.image, same.image)
    assert torch.equal(one.labels, same.labels)
    assert not torch.equal(one.image, other.image)
