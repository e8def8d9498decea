"""Random erasing: torchvision's own where it has the choice, and what the re-ID releases draw and fill with."""

import pytest
import torch
from torch import Tensor
from torchvision.transforms import v2

from reseen.data.transforms import TRANSFORMS

GREY = torch.full((3, 64, 32), 5.0)


def erased(seed: int, *, image: Tensor = GREY, probability: float = 1.0, **settings: object) -> Tensor:
    torch.manual_seed(seed)
    return TRANSFORMS["random_erasing"](probability=probability, **settings)(image)


@pytest.mark.parametrize(("fill", "value"), [(0.5, 0.5), ([0.1, 0.2, 0.3], [0.1, 0.2, 0.3]), ("noise", "random")])
def test_a_logarithmic_aspect_is_torchvisions_own(fill, value):
    theirs = v2.RandomErasing(0.5, scale=(0.02, 0.4), ratio=(0.3, 3.3), value=value)
    for seed in range(100):
        ours = erased(seed, probability=0.5, fill=fill)
        torch.manual_seed(seed)
        assert torch.equal(ours, theirs(GREY)), "the same rectangle, pixel for pixel"


def aspects(drawn: str) -> Tensor:
    """Height / width of 400 rectangles of one area that fit, whatever their aspect."""
    image, found = torch.ones(3, 200, 200), []
    for seed in range(400):
        hole = erased(seed, image=image, area=(0.1, 0.1), aspect=(0.25, 4.0), aspect_drawn=drawn)[0] == 0
        found.append(hole.any(1).sum() / hole.any(0).sum())
    return torch.stack(found)


def test_a_uniform_aspect_is_mostly_tall_and_a_logarithmic_one_as_often_wide():
    """P(aspect < 1) is .75 / 3.75 = .2 where it is uniform in .25 to 4, and .5 where its logarithm is."""
    assert (aspects("uniform") < 1).float().mean().item() == pytest.approx(0.2, abs=0.06)
    assert (aspects("log_uniform") < 1).float().mean().item() == pytest.approx(0.5, abs=0.08)
    assert aspects("uniform").mean().item() == pytest.approx(2.125, abs=0.15), "the middle of .25 and 4"


def test_each_channel_has_its_own_fill():
    image = erased(0, fill=(0.485, 0.456, 0.406))
    hole = image[0] != 5
    assert hole.any()
    assert torch.equal(image[:, hole], torch.tensor([[0.485], [0.456], [0.406]]).expand(3, int(hole.sum())))


def test_what_does_not_fit_leaves_the_image_alone():
    assert torch.equal(erased(0, area=(1.0, 1.0)), GREY)
