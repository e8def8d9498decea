"""Branches: exact counts, one Output in both modes, which losses see which, and copies of the stage they start from."""

import pytest
import torch
from torch import nn

from losses_by_name import loss_by_name
from reseen.backbones import build_backbone, set_input_size
from reseen.errors import ReseenError
from reseen.models import MultiBranchEmbedder
from reseen.models.assemble import BranchConfig, MetadataConfig, multi_branch
from reseen.models.branches import BRANCHES
from reseen.tasks.reid.build_model import build_model

SIZE = (64, 32)
LINES = (
    BranchConfig("hca", "classify"),
    BranchConfig("lka", "triplet"),
    BranchConfig("bot", "both"),
    BranchConfig("bottleneck", "classify", {"stride": 1}),
)


def embedder(*lines: BranchConfig, metadata: MetadataConfig | None = None) -> MultiBranchEmbedder:
    backbone = build_backbone("resnet26", image_size=SIZE)
    return multi_branch(backbone, lines or LINES, num_identities=5, metadata=metadata)


# Table II of LKA-ReID to the last parameter, at the 575 identities of MBR's configuration. The single branch:
# 23,508,032 of the body, one scale a channel of its neck, 575 weights of 2048.
COUNTS = {
    "mbr_r50": 23_508_032 + 2048 + 575 * 2048,
    "mbr_4b": 61_440_064,
    "mbr_4b_lka": 61_575_232,
    "mbr_4b_hca": 47_284_348,
    "lka_reid": 47_419_516,
}


@pytest.mark.parametrize(("name", "trainable"), COUNTS.items())
def test_each_row_of_the_paper_has_its_parameters(name: str, trainable: int) -> None:
    with torch.device("meta"):
        model = build_model(name, num_identities=575, image_size=(256, 256))
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == trainable


@pytest.mark.parametrize("training", [True, False])
def test_both_modes_give_the_same_fields(training: bool) -> None:
    model = embedder().train(training)
    images = torch.randn(3, 3, *SIZE)
    before = images.clone()
    output = model(images)
    assert output.embedding.shape == (3, 4 * 2048) == (3, model.width)
    assert [tuple(part.shape) for part in (*output.pooled, *output.necked)] == [(3, 2048)] * 8
    assert [tuple(part.shape) for part in output.logits] == [(3, 5)] * 3, "of branches 0, 2 and 3"
    assert output.compared == (1, 2)
    assert torch.equal(images, before)


def test_the_embedding_is_each_branch_of_unit_length_side_by_side() -> None:
    model = embedder().eval()
    for branch in model.branches:
        branch.neck.norm.running_mean.uniform_(-1, 1)
    with torch.no_grad():
        output = model(torch.randn(2, 3, *SIZE))
        for number, branch in enumerate(model.branches):
            necked = branch.neck(output.pooled[number])
            own = output.embedding[:, number * 2048 : (number + 1) * 2048]
            torch.testing.assert_close(own, necked / necked.norm(dim=1, keepdim=True))


def test_images_are_independent_in_evaluation() -> None:
    model = embedder().eval()
    images = torch.randn(3, 3, *SIZE)
    with torch.no_grad():
        torch.testing.assert_close(model(images).embedding[1:2], model(images[1:2]).embedding, rtol=1e-4, atol=1e-5)


def test_losses_on_features_see_only_their_branches() -> None:
    output = embedder()(torch.randn(4, 3, *SIZE))
    labels = torch.tensor([0, 0, 1, 1])
    triplet = loss_by_name("triplet", num_identities=5, width=2048)
    by_hand = torch.stack([triplet.loss(output.pooled[number], labels) for number in (1, 2)]).mean()
    assert torch.equal(triplet(output, labels), by_hand)
    gradients = torch.autograd.grad(triplet(output, labels), output.pooled, allow_unused=True)
    assert [gradient is not None for gradient in gradients] == [False, True, True, False]


def test_cross_entropy_is_the_mean_of_the_classifying_branches() -> None:
    output = embedder()(torch.randn(4, 3, *SIZE))
    labels = torch.tensor([0, 0, 1, 1])
    by_hand = sum(nn.functional.cross_entropy(logits, labels, label_smoothing=0.1) for logits in output.logits) / 3
    torch.testing.assert_close(loss_by_name("cross_entropy", num_identities=5, width=2048)(output, labels), by_hand)


def test_a_loss_that_no_branch_is_for_says_so() -> None:
    output = embedder(BranchConfig("bottleneck", "classify"))(torch.randn(4, 3, *SIZE))
    with pytest.raises(ReseenError, match="no branch of the model has the role triplet or both"):
        loss_by_name("triplet", num_identities=5, width=2048)(output, torch.tensor([0, 0, 1, 1]))


@pytest.mark.parametrize("kind", BRANCHES)
def test_a_branch_begins_as_the_stage_it_copies_and_owns_its_weights(kind: str) -> None:
    backbone = build_backbone("resnet26", image_size=SIZE)
    stage = backbone.body.layer4
    first, second = multi_branch(
        backbone, [BranchConfig(kind, "both"), BranchConfig(kind, "both")], num_identities=5
    ).branches
    for name, tensor in stage.state_dict().items():
        if ".conv2." in name and kind != "bottleneck":
            continue
        assert torch.equal(first.stage.state_dict()[name], tensor), name
    with torch.no_grad():
        next(first.stage.parameters()).zero_()
    assert next(second.stage.parameters()).any()


@pytest.mark.parametrize(
    ("kind", "settings", "size"), [("bottleneck", {}, (2, 1)), ("bottleneck", {"stride": 1}, (4, 2))]
)
def test_a_plain_branch_halves_the_map_unless_told_not_to(kind: str, settings: dict, size: tuple[int, int]) -> None:
    model = embedder(BranchConfig(kind, "both", settings))
    maps = model.backbone(torch.randn(2, 3, *SIZE))
    assert model.branches[0].stage(maps).shape == (2, 2048, *size)


def test_attention_branches_keep_the_trunks_map() -> None:
    model = embedder()
    maps = model.backbone(torch.randn(2, 3, *SIZE))
    assert maps.shape == (2, 1024, 4, 2)
    assert {tuple(branch.stage(maps).shape) for branch in model.branches} == {(2, 2048, 4, 2)}


def test_only_the_releases_blocks_have_a_bias_in_the_shortcut() -> None:
    biased = [branch.stage[0].downsample[0].bias is not None for branch in embedder().branches]
    assert biased == [False, True, True, False]


@pytest.mark.parametrize("kind", ["bot", "lka", "lska"])
def test_a_resnet_whose_shortcut_averages_first_refuses_branches_that_need_its_convolution(kind: str) -> None:
    backbone = build_backbone("resnet14t", image_size=SIZE)
    with pytest.raises(
        ReseenError, match=r"shortcut begins with a convolution \(resnet26.* such as resnet14t"
    ) as raised:
        multi_branch(backbone, [BranchConfig(kind, "both")], num_identities=5)
    assert "\n" not in str(raised.value)


def test_wrong_branches_are_one_line() -> None:
    with pytest.raises(ReseenError, match="no branch 'hka'; did you mean"):
        embedder(BranchConfig("hka", "both"))
    with pytest.raises(ReseenError, match=r"branches need a ResNet with bottlenecks .* got EfficientNet"):
        multi_branch(build_backbone("efficientnet_lite0", image_size=SIZE), LINES, num_identities=5)
    with pytest.raises(ReseenError, match="branches need a ResNet with bottlenecks"):
        multi_branch(build_backbone("resnet18", image_size=SIZE), LINES, num_identities=5)
    with pytest.raises(ReseenError, match="'resnet50_bot' has no branches to add metadata to"):
        build_model("resnet50_bot", num_identities=5, image_size=SIZE, cameras=3)
    with pytest.raises(ReseenError, match="no ImageNet weights for 'lka_reid'"):
        build_model("lka_reid", num_identities=5, image_size=SIZE, pretrained=True)


def test_a_model_with_self_attention_is_set_to_another_size() -> None:
    model = embedder().eval()
    with pytest.raises(ReseenError, match=r"attention built for 512 channels of 4 x 2 = 8 positions"):
        model(torch.randn(1, 3, 96, 32))
    larger = set_input_size(model, image_size=(96, 32))
    assert larger(torch.randn(1, 3, 96, 32)).embedding.isfinite().all()
    assert larger.backbone.image_size == (96, 32)
    model(torch.randn(1, 3, *SIZE))
