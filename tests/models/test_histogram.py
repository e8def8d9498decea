"""The colour histogram against a pixel-by-pixel count with the standard library's colour conversion."""

import colorsys
import math

import pytest
import torch

from reseen.models import ColourHistogram
from reseen.models.histogram import GREY, hue_saturation_value
from reseen.ops import cosine_similarity


def naive(image: torch.Tensor, *, hues: int, saturations: int, values: int, stripes: int) -> list[float]:
    """(3, H, W) -> the histogram by loops."""
    bins = values * (hues * saturations + 1)
    counts = [0] * (stripes * bins)
    height, width = image.shape[1:]
    for y in range(height):
        for x in range(width):
            h, s, v = colorsys.rgb_to_hsv(*image[:, y, x].tolist())
            colour = hues * saturations
            if s >= GREY:
                shade = min(int((s - GREY) / (1 - GREY) * saturations), saturations - 1)
                colour = min(int(h * hues), hues - 1) * saturations + shade
            counts[(y * stripes // height) * bins + colour * values + min(int(v * values), values - 1)] += 1
    return [math.sqrt(count / (height * width)) for count in counts]


@pytest.mark.parametrize("stripes", [1, 3])
def test_a_colour_histogram_equals_the_count_pixel_by_pixel(stripes: int) -> None:
    sizes = {"hues": 6, "saturations": 3, "values": 4, "stripes": stripes}
    model = ColourHistogram(**sizes)
    images = torch.rand(3, 3, 9, 7, dtype=torch.float64)
    expected = torch.tensor([naive(image, **sizes) for image in images], dtype=torch.float64)
    output = model(images)
    assert output.embedding.shape == (3, model.width)
    torch.testing.assert_close(output.embedding, expected)
    torch.testing.assert_close(output.embedding.norm(dim=1), torch.ones(3, dtype=torch.float64))


def test_colours_equal_the_standard_librarys() -> None:
    corners = torch.cartesian_prod(*[torch.tensor([0.0, 0.25, 1.0], dtype=torch.float64)] * 3)
    pixels = torch.cat([corners, torch.rand(100, 3, dtype=torch.float64)])
    hue, saturation, value = hue_saturation_value(pixels.T[None, :, :, None])
    expected = torch.tensor([colorsys.rgb_to_hsv(*pixel) for pixel in pixels.tolist()], dtype=torch.float64)
    got = torch.stack([hue, saturation, value], dim=-1).reshape(-1, 3)
    torch.testing.assert_close(got, expected)


def test_same_colours_elsewhere_are_the_same_and_other_colours_are_not() -> None:
    red, blue = torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 4)
    red[:, 0], blue[:, 2] = 1, 1
    red[:, :, :2] = 0.5
    vectors = ColourHistogram()(torch.cat([red, red.flip(2), blue])).embedding
    similarity = cosine_similarity(vectors, vectors)
    assert similarity[0, 1] == pytest.approx(1)
    assert similarity[0, 2] == 0


def test_a_colour_histogram_takes_cameras_has_no_weights_and_leaves_its_input() -> None:
    model = ColourHistogram()
    images = torch.rand(2, 3, 8, 8) * 1.5 - 0.2  # beyond [0, 1], as resizing may make it
    before = images.clone()
    output = model(images, cameras=torch.zeros(2), views=torch.zeros(2))
    assert not model.state_dict()
    assert torch.equal(images, before)
    assert output.embedding.isfinite().all()
    assert output.logits == ()
