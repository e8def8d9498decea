"""The loss of a batch against its formula, and mixing against its own."""

import pytest
import torch
from torch import nn

from reseen.tasks.classify.classes import LabelledImage
from reseen.tasks.classify.learner import ClassLearner
from reseen.tasks.classify.recipe import Loss, Mix


class Means(nn.Module):
    """Two logits that are means over the image's first two channels."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return 3 * images[:, :2].mean(dim=(2, 3))


def batch(size: int = 6) -> LabelledImage:
    return LabelledImage(torch.rand(size, 3, 8, 8), torch.arange(size) % 2)


def loss_of(logits: torch.Tensor, shares: torch.Tensor, smoothing: float) -> float:
    """-sum of y log softmax, y = the labels' shares smoothed."""
    wanted = (1 - smoothing) * shares + smoothing / logits.shape[1]
    return float(-(wanted * (logits - logits.exp().sum(dim=1, keepdim=True).log())).sum(dim=1).mean())


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_is_that_of_the_formula(smoothing):
    given = batch()
    terms = ClassLearner(Means(), classes=2, loss=Loss(label_smoothing=smoothing), mix=Mix())(given)
    shares = nn.functional.one_hot(given.label, 2).float()
    assert float(terms.total) == pytest.approx(loss_of(Means()(given.image), shares, smoothing), rel=1e-5)
    assert set(terms.terms) == {"cross_entropy"}


@pytest.mark.parametrize("mix", [Mix(mixup=0.4), Mix(cutmix=1.0)])
def test_a_mixed_label_has_the_share_that_its_image_has(mix):
    learner = ClassLearner(nn.Identity(), classes=6, loss=Loss(), mix=mix)
    # Image k is k everywhere, and is mixed with its neighbour: its mean tells how much of each is in it.
    images = torch.arange(6.0).reshape(6, 1, 1, 1).expand(6, 3, 8, 8).contiguous()
    before = images.clone()
    for seed in range(20):
        torch.manual_seed(seed)
        mixed, shares = learner._mixed(images, torch.arange(6))
        assert torch.allclose(shares.sum(dim=1), torch.ones(6))
        assert torch.allclose(mixed.mean(dim=(1, 2, 3)), shares @ torch.arange(6.0), atol=1e-5)
    assert torch.equal(images, before)


def test_the_probability_of_mixing_says_how_often_a_batch_is_mixed():
    learner = ClassLearner(nn.Identity(), classes=2, loss=Loss(), mix=Mix(mixup=1.0, cutmix=1.0, probability=0.25))
    given = batch()
    torch.manual_seed(0)
    mixed = sum(learner._mixed(given.image, given.label)[1].ndim == 2 for _ in range(400))
    assert 70 <= mixed <= 130, "100 expected, standard deviation 9"
