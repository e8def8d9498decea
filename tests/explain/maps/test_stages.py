"""Stages by name: which there are, and which is fine enough to point with."""

import pytest
from torch import nn

from reseen.backbones import build_backbone
from reseen.explain.maps.stages import fine_stage, stage_layers
from reseen.models.embedder import single_branch


def test_a_single_branch_has_the_stages_of_its_backbone(single):
    model = single()
    layers = stage_layers(model)
    assert list(layers) == ["stage1", "stage2", "stage3", "stage4", "last"]
    assert layers["stage3"] == (model.backbone.body.layer3,)
    assert layers["last"] == (model.backbone,)


def test_branches_share_the_trunk_and_have_their_own_last_maps(branched):
    model = branched()
    layers = stage_layers(model)
    assert list(layers) == ["stage1", "stage2", "stage3", "last"], "the fourth went into the branches"
    assert layers["stage3"] == (model.backbone.body.layer3,) * 3
    assert layers["last"] == tuple(branch.stage for branch in model.branches)


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "test_vit"])
def test_a_backbone_of_tokens_has_its_last_tokens_and_the_last_map(name):
    model = single_branch(build_backbone(name, image_size=(160, 160)), num_identities=None)
    assert list(stage_layers(model)) == ["last_block", "last"]
    assert fine_stage(model) == "last"


def test_the_fine_stage_is_the_deepest_of_64_positions(single, branched):
    # At 64 x 64 a ResNet's maps are 16, 8, 4 and 2 wide.
    assert fine_stage(single()) == "stage2"
    model = branched().train()
    model.backbone.eval()
    assert fine_stage(model) == "stage2"
    assert [part.training for part in (model, model.backbone, *model.branches)] == [True, False, True, True, True]


def test_a_coarse_branch_makes_the_last_maps_coarse(branched):
    # 8 x 8 in the trunk and in two branches, 4 x 4 in the first one.
    assert fine_stage(branched(size=128)) == "stage3"


def test_without_a_fine_stage_the_last_is_taken(single):
    model = single()
    model.backbone.body.maxpool = nn.AdaptiveAvgPool2d(4)
    assert fine_stage(model) == "last"
