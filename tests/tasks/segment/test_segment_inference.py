"""Windows and whole images, against a naive average."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from reseen.engine.pretrained import resolved
from reseen.errors import ReseenError
from reseen.recipe.training import read_as
from reseen.tasks.segment.build import build_segmenter
from reseen.tasks.segment.inference import Labeller, slide, starts
from reseen.tasks.segment.model import Maps
from reseen.tasks.segment.recipe import SegmentRecipe


class Grid(nn.Module):
    """Logits that depend on the place within the window, so that overlapping windows disagree."""

    def forward(self, images):
        height, width = images.shape[-2:]
        rows, columns = torch.meshgrid(torch.arange(height) / height, torch.arange(width) / width, indexing="ij")
        place = torch.stack([rows, columns, 1 - rows])
        return Maps(images.mean(dim=1, keepdim=True) + 3 * place[None].expand(len(images), -1, -1, -1), None)


@pytest.mark.parametrize("length", [8, 9, 10, 15, 16, 23, 40])
@pytest.mark.parametrize("overlap", [0.0, 0.25, 1 / 3, 0.5, 0.9])
def test_windows_cover_everything_and_overlap_as_asked(length, overlap):
    begun = starts(length, window=8, overlap=overlap)
    covered = {place for start in begun for place in range(start, start + 8)}
    assert covered == set(range(length))
    assert begun == sorted(set(begun))
    assert all(b - a <= max(1, (1 - overlap) * 8) + 1e-9 for a, b in pairwise(begun))


@pytest.mark.parametrize("size", [(8, 12), (13, 21), (8, 30), (5, 9)])
def test_sliding_is_the_mean_over_all_windows(size):
    images = torch.randn(2, 3, *size)
    window, model = (8, 12), Grid()
    found = slide(model, images, window=window, overlap=0.5)
    tall, wide = max(size[0], 8), max(size[1], 12)
    padded = torch.zeros(2, 3, tall, wide)
    padded[..., : size[0], : size[1]] = images
    for i in range(size[0]):
        for j in range(size[1]):
            seen = [
                model(padded[..., top : top + 8, left : left + 12]).logits.float().softmax(1)[..., i - top, j - left]
                for top in starts(tall, window=8, overlap=0.5)
                for left in starts(wide, window=12, overlap=0.5)
                if top <= i < top + 8 and left <= j < left + 12
            ]
            assert torch.allclose(found[..., i, j], torch.stack(seen).mean(0), atol=1e-6)


@pytest.fixture
def segmenter(segment_recipe):
    recipe = resolved(read_as(SegmentRecipe, segment_recipe))
    return build_segmenter(recipe, start_weights=False).eval()


@torch.no_grad()
def test_one_window_is_the_whole_image(segmenter):
    images = torch.randn(2, 3, 32, 64)
    whole, windows = (
        Labeller(segmenter, window=(32, 64), inference=how).probabilities(images) for how in ("whole", "sliding")
    )
    assert torch.allclose(whole, windows)
    assert torch.allclose(whole.sum(dim=1), torch.ones(2, 32, 64))


@torch.no_grad()
def test_attention_is_resized_to_whole_images_of_other_sizes(segmenter):
    before = {name: value.clone() for name, value in segmenter.state_dict().items()}
    labeller = Labeller(segmenter, window=(32, 64))
    with pytest.raises(ReseenError, match="built for"):
        segmenter(torch.randn(1, 3, 40, 56))
    for size in ((40, 56), (41, 57), (32, 64)):
        found = labeller(torch.randn(1, 3, *size))
        assert found.shape == (1, *size)
        assert found.dtype == torch.int64
    after = segmenter.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
