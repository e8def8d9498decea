"""Every model in the catalogue honours the same contract; wrong requests are one line."""

import pytest
import torch

from reseen.errors import ReseenError
from reseen.models import MODELS, WHEEL, read_weights
from reseen.tasks.reid.build_model import build_model

SIZES = dict.fromkeys(["rga_s", "rga_c", "rga_sc"], (128, 128))
"""Smaller maps have too few positions for the paper's reductions."""


def size_for(name: str) -> tuple[int, int]:
    return SIZES.get(name, (64, 32))


@pytest.mark.parametrize("name", MODELS)
def test_each_model_embeds_in_both_modes(name: str) -> None:
    model = build_model(name, num_identities=5, image_size=size_for(name))
    images = torch.randn(2, 3, *size_for(name))
    for training in (True, False):
        output = model.train(training)(images)
        assert output.embedding.shape == (2, model.width)
        assert output.embedding.isfinite().all()
        assert {tuple(pooled.shape) for pooled in output.pooled} == {(2, model.channels)}
        assert {tuple(logits.shape) for logits in output.logits} == {(2, 5)}


@pytest.mark.parametrize("name", MODELS)
def test_each_model_does_without_a_classifier(name: str) -> None:
    model = build_model(name, num_identities=None, image_size=size_for(name))
    assert model.eval()(torch.randn(2, 3, *size_for(name))).logits == ()
    assert not any("classifier" in key for key in model.state_dict())


def test_the_strong_baseline_counts_as_published() -> None:
    model = build_model("resnet50_bot", num_identities=751, image_size=(256, 128))
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    # Body 23,508,032, one scale per channel in the neck, 751 weights of 2048: Market-1501's training identities.
    assert trainable == 23_508_032 + 2048 + 751 * 2048
    assert tuple(model.backbone.feature_map) == (2048, 16, 8)


def test_the_light_model_starts_from_the_wheel_when_asked() -> None:
    wheel = read_weights(WHEEL).tensors
    model = build_model("efficientnet_lite0", num_identities=3, image_size=(64, 64), pretrained=True)
    assert all(torch.equal(tensor, wheel[name]) for name, tensor in model.backbone.body.state_dict().items())


def test_an_unknown_model_names_the_nearest() -> None:
    with pytest.raises(ReseenError, match="no model 'resnet50'; did you mean 'resnet50_bot'"):
        build_model("resnet50", num_identities=3, image_size=(64, 64))


@pytest.mark.parametrize(("identities", "size"), [(0, (64, 64)), (-3, (64, 64)), (3, (0, 64))])
def test_impossible_numbers_are_refused(identities: int, size: tuple[int, int]) -> None:
    with pytest.raises(ReseenError, match="expected"):
        build_model("resnet50_bot", num_identities=identities, image_size=size)


@pytest.mark.parametrize("name", MODELS)
def test_each_model_says_what_it_is(name: str) -> None:
    assert MODELS[name].summary.endswith(".")
