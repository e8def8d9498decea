"""Images: numbers by the given names, and randomness from the draw alone."""

import pytest
import torch
from PIL.Image import Image
from torch import Tensor

from reseen.data.dataset import Draw, ImageDataset
from reseen.data.table import Split
from reseen.data.transforms import build_transforms, plain_transform
from reseen.types import UNKNOWN

LINES = [{"name": "flip"}, {"name": "pad_crop", "padding": 4}, {"name": "random_erasing", "fill": "noise"}]
SCALE = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}


def images(split: Split) -> ImageDataset:
    transform = build_transforms(LINES, image_size=(16, 24), **SCALE)
    return ImageDataset(split, transform=transform, identity_names=split.identity_names, camera_names=("1",))


def test_a_sample_holds_the_row_and_its_numbers(noise: Split) -> None:
    dataset = ImageDataset(noise, transform=plain_transform((16, 24), **SCALE), identity_names=("b", "d"))
    assert len(dataset) == 40
    sample = dataset[35]
    assert sample.image.shape == (3, 16, 24)
    assert (sample.label, sample.camera, sample.view, sample.row) == (1, UNKNOWN, UNKNOWN, 35)
    assert dataset[0].label == UNKNOWN
    assert images(noise)[3].camera == 0


def test_the_same_draw_gives_the_same_image_whatever_the_generator_did(noise: Split) -> None:
    dataset = images(noise)
    torch.manual_seed(1)
    one = dataset[Draw(5, 99)].image
    torch.rand(17)
    assert torch.equal(dataset[Draw(5, 99)].image, one)
    others = [dataset[Draw(5, seed)].image for seed in range(6)]
    assert len({tuple(image.flatten().tolist()) for image in others}) == 6


def test_a_draw_leaves_the_global_generator_as_it_was(noise: Split) -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    images(noise)[Draw(0, 7)]
    assert torch.equal(torch.rand(3), expected)


def test_the_generator_is_restored_after_an_error(noise: Split) -> None:
    def fails(image: Image) -> Tensor:
        torch.rand(1)
        raise RuntimeError(image.mode)

    dataset = ImageDataset(noise, transform=fails, identity_names=())
    state = torch.get_rng_state()
    with pytest.raises(RuntimeError, match="RGB"):
        dataset[Draw(0, 7)]
    assert torch.equal(torch.get_rng_state(), state)
