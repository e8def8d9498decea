"""Weights between untrained and trained, and heads learned from vectors, each against its definition."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from reseen.backbones import build_backbone
from reseen.data.table import Splits, split_of
from reseen.engine.averages import SHARES, averaged
from reseen.metrics import custom_protocol, evaluate
from reseen.models import BNNeck
from reseen.models.embedder import single_branch
from reseen.tasks.reid.choose.candidates import APART, Candidate, sample_of
from reseen.tasks.reid.choose.heads import heads_of
from reseen.tasks.reid.choose.vectors import HeldOut

CHANNELS = 8


def model(seed: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    made = single_branch(build_backbone("resnet10t", image_size=(32, 32)), num_identities=3)
    for part in made.modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm):
            nn.init.uniform_(part.running_mean, -1, 1)
            nn.init.uniform_(part.weight, 0.5, 1.5)
            part.num_batches_tracked.fill_(seed)
    return made.state_dict()


def test_an_average_has_its_share_of_every_weight_and_statistic_of_the_backbone() -> None:
    untrained, trained = model(1), model(2)
    mixed = averaged(untrained, trained, share=0.25, apart=APART)
    assert mixed.keys() == trained.keys()
    for name in ("backbone.body.conv1.0.weight", "backbone.body.bn1.running_mean", "backbone.body.bn1.weight"):
        torch.testing.assert_close(mixed[name], 0.75 * untrained[name] + 0.25 * trained[name])
        assert not torch.equal(mixed[name], trained[name])


def test_counters_neck_and_classifier_of_an_average_are_the_trained_ones() -> None:
    untrained, trained = model(1), model(2)
    mixed = averaged(untrained, trained, share=0.5, apart=APART)
    names = [name for name in trained if name.startswith(("neck.", "classifier.")) or "num_batches" in name]
    assert any(name.startswith("classifier.") for name in names)
    assert all(torch.equal(mixed[name], trained[name]) for name in names)
    assert not torch.equal(untrained["neck.norm.weight"], trained["neck.norm.weight"])


def test_the_ends_are_the_untrained_and_the_trained_weights_to_the_bit() -> None:
    untrained, trained = model(1), model(2)
    for share, whole in ((0.0, untrained), (1.0, trained)):
        ended = averaged(untrained, trained, share=share)
        assert all(torch.equal(ended[name], whole[name]) for name in whole)


def test_a_candidate_says_its_weights_and_head_and_its_place_in_the_order_of_simplicity() -> None:
    candidates = [Candidate(share, head) for share in SHARES for head in ("pooled", "centred", "necked", "whitened")]
    assert sorted(candidates, key=lambda one: one.simplicity) == candidates
    assert [str(Candidate(share, "pooled")) for share in (0.0, 0.25, 1.0)] == [
        "untrained, pooled vector",
        "average of 25% trained and 75% untrained, pooled vector",
        "trained, pooled vector",
    ]


def test_a_sample_is_spread_evenly_over_the_table() -> None:
    table = split_of([f"{number}.jpg" for number in range(100)], [str(number // 10) for number in range(100)])
    assert len(sample_of(table, 200)) == 100
    assert [int(path.stem) for path in sample_of(table, 4).paths] == [0, 33, 66, 99]


def neck_after_training() -> BNNeck:
    neck = BNNeck(CHANNELS).eval()
    nn.init.uniform_(neck.norm.running_mean, 1, 2)
    nn.init.uniform_(neck.norm.weight, 0.5, 2)
    return neck


def test_the_trained_neck_is_used_as_it_is_and_another_has_the_samples_mean_and_variance() -> None:
    neck, sample = neck_after_training(), 3 + torch.randn(1, 50, CHANNELS)
    before = {name: value.clone() for name, value in neck.state_dict().items()}
    as_it_is, renewed = (heads_of(neck, sample, trained=trained)[1] for trained in (True, False))
    torch.testing.assert_close(as_it_is(sample), neck(sample[0]).detach())
    assert as_it_is.tensors == {}
    expected = (sample[0] - sample[0].mean(dim=0)) / (sample[0].var(dim=0) + 1e-5).sqrt() * neck.norm.weight
    torch.testing.assert_close(renewed(sample), expected.detach())
    assert set(renewed.tensors) == {"neck.norm.running_mean", "neck.norm.running_var"}
    assert all(torch.equal(value, before[name]) for name, value in neck.state_dict().items())


def test_with_the_flip_test_a_head_gives_the_mean_of_both_passes() -> None:
    sample = torch.rand(2, 50, CHANNELS)
    for head in heads_of(neck_after_training(), sample, trained=False):
        expected = (head.module(sample[0]) + head.module(sample[1])) / 2
        torch.testing.assert_close(head(sample), expected.detach())


@pytest.mark.parametrize("images", [50, 5])
def test_centred_and_whitened_vectors_have_all_channels(images: int) -> None:
    heads = heads_of(neck_after_training(), torch.rand(2, images, CHANNELS), trained=True)
    assert [(head.name, head.width) for head in heads] == [
        ("pooled", None), ("necked", None), ("centred", CHANNELS), ("whitened", CHANNELS)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sample", "trained", "names"),
    [
        (torch.rand(1, 1, CHANNELS), False, ["pooled"]),
        (torch.rand(1, 1, CHANNELS), True, ["pooled", "necked"]),
        (torch.full((1, 9, CHANNELS), np.nan), True, ["pooled"]),
    ],
)
def test_heads_that_nothing_can_be_learned_for_are_left_out(
    sample: torch.Tensor, trained: bool, names: list[str]
) -> None:
    assert [head.name for head in heads_of(neck_after_training(), sample, trained=trained)] == names


def test_images_of_one_name_in_two_folders_are_two_images() -> None:
    table = split_of(["/one/0.jpg", "/two/0.jpg"], ["ann", "ann"])
    vectors = torch.rand(1, 2, CHANNELS)
    sides = HeldOut(Splits("table", Path("/"), table, table, table), vectors, vectors).seen_through(lambda one: one[0])
    assert sides is not None
    rules = custom_protocol(drop_same_camera=False, junk=(), same_pictures=True)
    assert evaluate(*sides, protocol=rules).evaluated == 2
