"""The embedder's contract: one Output in both modes, the neck after pooling, no gradient into the neck's bias."""

import pytest
import torch
from torch import nn

from reseen.backbones import build_backbone
from reseen.models import BNNeck, SingleBranchEmbedder, identity_classifier
from reseen.ops import POOLINGS

SIZE = (64, 32)


def embedder(*, identities: int | None = 7) -> SingleBranchEmbedder:
    backbone = build_backbone("resnet18", image_size=SIZE)
    classifier = identity_classifier(512, identities) if identities else None
    return SingleBranchEmbedder(backbone, pooling=POOLINGS["average"](), neck=BNNeck(512), classifier=classifier)


@pytest.mark.parametrize("training", [True, False])
def test_both_modes_give_the_same_fields(training: bool) -> None:
    model = embedder().train(training)
    images = torch.randn(4, 3, *SIZE)
    before = images.clone()
    output = model(images, cameras=torch.zeros(4, dtype=torch.long), views=None)
    assert [part.shape for part in (output.embedding, *output.pooled, *output.necked, *output.logits)] == [
        (4, 512),
        (4, 512),
        (4, 512),
        (4, 7),
    ]
    assert torch.equal(output.embedding, output.necked[0])
    assert model.width == 512
    assert torch.equal(images, before)


def test_the_embedding_is_pooled_then_normalised_then_classified() -> None:
    model = embedder().eval()
    model.neck.norm.running_mean.uniform_(-1, 1)
    model.neck.norm.running_var.uniform_(0.5, 2)
    images = torch.randn(3, 3, *SIZE)
    output = model(images)
    pooled = model.backbone(images).flatten(2).mean(dim=2)
    necked = (pooled - model.neck.norm.running_mean) / (model.neck.norm.running_var + 1e-5).sqrt()
    torch.testing.assert_close(output.pooled[0], pooled)
    torch.testing.assert_close(output.embedding, necked)
    torch.testing.assert_close(output.logits[0], necked @ model.classifier.weight.T)


def test_images_are_independent_in_evaluation() -> None:
    model = embedder().eval()
    images = torch.randn(3, 3, *SIZE)
    torch.testing.assert_close(model(images).embedding[1:2], model(images[1:2]).embedding, rtol=1e-4, atol=1e-5)


def test_a_model_without_classifier_has_no_logits() -> None:
    assert embedder(identities=None)(torch.randn(2, 3, *SIZE)).logits == ()


def test_autocast_leaves_the_embedding_in_float32() -> None:
    model = embedder().eval()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = model(torch.randn(2, 3, *SIZE))
    assert output.embedding.dtype == output.pooled[0].dtype == torch.float32


def test_the_necks_bias_is_zero_and_never_trained() -> None:
    neck = BNNeck(8)
    optimizer = torch.optim.SGD([p for p in neck.parameters() if p.requires_grad], lr=1.0)
    (neck(torch.randn(5, 8)) * torch.randn(5, 8)).sum().backward()
    optimizer.step()
    assert not neck.norm.bias.any()
    assert [name for name, p in neck.named_parameters() if p.requires_grad] == ["norm.weight"]


def test_the_classifier_starts_near_zero_without_bias() -> None:
    classifier = identity_classifier(400, 300)
    assert classifier.bias is None
    assert isinstance(classifier, nn.Linear)
    # 120,000 draws: the standard error of the deviation is 0.001 / sqrt(240,000), 0.2 %.
    assert classifier.weight.std().item() == pytest.approx(0.001, rel=0.02)


def test_a_state_dict_goes_round() -> None:
    first, second = embedder(), embedder()
    first(torch.randn(4, 3, *SIZE))  # moves the running statistics
    second.load_state_dict(first.state_dict())
    images = torch.randn(2, 3, *SIZE)
    assert torch.equal(first.eval()(images).embedding, second.eval()(images).embedding)
