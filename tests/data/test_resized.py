"""Large images come to the network's size where they lie in memory, with the bytes of the transform in evaluation."""

from collections.abc import Iterator
from contextlib import nullcontext
from io import BytesIO

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from reseen.data import resized as room
from reseen.data.blocks import whole_blocks
from reseen.data.opening import open_image
from reseen.data.pixel_view import pixel_view
from reseen.data.resized import resized
from reseen.data.transforms import resize


@pytest.fixture
def blocks_of_4096_bytes() -> Iterator[None]:
    """As if images of a few rows were photographs: several blocks each."""
    before = Image.core.get_block_size()
    Image.core.set_block_size(4096)
    yield
    Image.core.set_block_size(before)


def by_the_transform(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    return resize(image_size=size)(torch.from_numpy(pixels).permute(2, 0, 1)).permute(1, 2, 0).numpy()


def noise(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize("size", [(32, 48), (300, 20), (61, 211), (97, 30), (97, 211), (150, 97)])
@pytest.mark.parametrize("small", [0, 10**6])
@pytest.mark.parametrize("strip", [1, 1000, 10**6])
@pytest.mark.parametrize("whole", [True, False])
def test_the_bytes_are_those_of_the_transform(
    size: tuple[int, int], small: int, strip: int, whole: bool, monkeypatch: pytest.MonkeyPatch, blocks_of_4096_bytes
) -> None:
    monkeypatch.setattr(room, "SMALL", small)
    monkeypatch.setattr(room, "STRIP", strip)
    pixels = noise(97, 211)
    with whole_blocks() if whole else nullcontext():
        image = Image.fromarray(pixels)
    assert (pixel_view(image) is not None) == whole
    found = resized(image, size)
    assert found.shape == (*size, 3)
    assert np.array_equal(found, by_the_transform(pixels, size))
    found[:] = 7  # it is the caller's own
    assert np.array_equal(np.array(image), pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("whole", [True, False])
def test_photographs_as_they_are_turned(orientation: int, whole: bool, blocks_of_4096_bytes) -> None:
    exif, file = Image.Exif(), BytesIO()
    exif[0x0112] = orientation
    Image.fromarray(noise(301, 403)).save(file, "JPEG", exif=exif)
    with whole_blocks() if whole else nullcontext():
        image = open_image(file.getvalue())
    assert (pixel_view(image) is not None) == whole
    assert np.array_equal(resized(image, (60, 90)), by_the_transform(np.array(image), (60, 90)))


def test_a_view_is_the_images_own_memory_and_outlives_it() -> None:
    image = Image.fromarray(noise(5, 7))
    view = pixel_view(image)
    image.putpixel((6, 4), (1, 2, 3))
    assert view[:3, 4, 6].tolist() == [1, 2, 3]
    expected = np.array(image)
    del image
    assert np.array_equal(view[:3].permute(1, 2, 0).numpy(), expected)


@pytest.mark.parametrize("width", [301, 304])
def test_rows_that_are_aligned_are_no_view(width: int) -> None:
    before = Image.core.get_alignment()
    Image.core.set_alignment(64)
    try:
        pixels = noise(300, width)
        image = Image.fromarray(pixels)
        assert pixel_view(image) is None
        assert np.array_equal(resized(image, (20, 30)), by_the_transform(pixels, (20, 30)))
    finally:
        Image.core.set_alignment(before)


def test_a_large_image_is_never_copied_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room.np, "array", lambda image: pytest.fail(f"{image.size} was copied"))
    resized(Image.new("RGB", (400, 300)), (8, 8))


@pytest.mark.skipif(torch.backends.cpu.get_cpu_capability() == "DEFAULT", reason="torch rounds once on this processor")
def test_an_image_in_several_blocks_is_cut_into_strips(monkeypatch: pytest.MonkeyPatch, blocks_of_4096_bytes) -> None:
    monkeypatch.setattr(room, "STRIP", 1000)
    monkeypatch.setattr(room, "SMALL", 0)
    seen: list[int] = []
    monkeypatch.setattr(room, "pixel_view", lambda image: seen.append(image.height) or pixel_view(image))
    resized(Image.new("RGB", (100, 95)), (8, 8))
    assert seen == [95] + [10] * 9 + [5]
