"""CLIP's encoders as backbones: what an unknown camera gets, start weights by CLIP's names, other image sizes."""

import pytest
import torch

from reseen.backbones import SideInformation, build_backbone, set_input_size
from reseen.backbones.overlapping import OverlappingPatches, patch_grid
from reseen.backbones.side_embedding import SideEmbedding
from reseen.errors import ReseenError
from reseen.models.heads import HEADS
from reseen.models.heads.attention_pool import AttentionPool
from reseen.types import FeatureMap


def embedding(unknown) -> SideEmbedding:
    side = SideEmbedding(cameras=2, views=3, width=1, coefficient=2.0, unknown=unknown)
    side.rows.data = torch.arange(6.0)[:, None]
    return side


@pytest.mark.parametrize(
    ("unknown", "expected"),
    # Rows 0 to 5, twice their value: camera 1 and view 2 are row 5; the means of rows 3 to 5, of 2 and 5, and of all.
    [("off", [10.0, 0.0, 0.0, 0.0]), ("mean", [10.0, 8.0, 7.0, 5.0])],
)
def test_an_unknown_camera_or_view_adds_nothing_or_a_mean(unknown, expected):
    added = embedding(unknown)(torch.tensor([1, 1, -1, -1]), torch.tensor([2, -1, 2, -1]))
    assert added[:, 0].tolist() == expected
    assert embedding(unknown)(None, None)[:, 0].tolist() == expected[3:]


def test_a_camera_beyond_those_learned_is_refused():
    with pytest.raises(ReseenError, match=r"camera out of range: expected 0 to 1, or -1 for unknown, got 2"):
        embedding("off")(torch.tensor([0, 2]), None)


def test_without_views_there_is_a_row_a_camera():
    side = SideEmbedding(cameras=2, views=0, width=4, coefficient=1.0, unknown="off")
    torch.testing.assert_close(side(torch.tensor([1]), torch.tensor([7]))[0], side.rows[1])


def test_overlapping_patches_give_the_grid_that_they_say():
    patches = OverlappingPatches(stride=12, img_size=(64, 40), patch_size=16, embed_dim=8)
    assert patches.grid_size == patch_grid((64, 40), patch=16, stride=12) == (5, 3)
    assert patches(torch.rand(1, 3, 64, 40)).shape == (1, 15, 8)


def test_a_vit_takes_its_cameras_on_the_class_token_alone():
    names = SideInformation(("a", "b"), ())
    backbone = build_backbone("clip_vit_b16", image_size=(32, 32), side_information=names, coefficient=1.0, blocks=1)
    body = backbone.body.eval()
    embedded = []
    body.norm_pre.register_forward_hook(lambda _, inputs, __: embedded.append(inputs[0]))
    images = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        backbone(images, torch.tensor([1]))
        backbone(images)
    difference = embedded[0] - embedded[1]
    torch.testing.assert_close(difference[0, 0], body.side.rows[1], rtol=1e-4, atol=1e-5)
    assert not difference[0, 1:].any()


def test_start_weights_of_clip_fill_the_vit_and_its_head():
    backbone = build_backbone("clip_vit_b16", image_size=(32, 16), blocks=1)
    tensors = {
        "visual.conv1.weight": torch.rand(768, 3, 16, 16),
        "visual.class_embedding": torch.rand(768),
        "visual.positional_embedding": torch.rand(197, 768),
        "visual.proj": torch.rand(768, 512),
        "visual.transformer.resblocks.0.attn.in_proj_bias": torch.rand(2304),
        "token_embedding.weight": torch.rand(3, 512),
    }
    ours = backbone.start_tensors(tensors)
    assert ours.keys() == {"patch_embed.proj.weight", "cls_token", "pos_embed", "blocks.0.attn.qkv.bias"}
    assert ours["pos_embed"].shape == (1, 3, 768)
    head = HEADS["clip"](backbone=backbone, num_identities=None)
    torch.testing.assert_close(head.parts.projection.weight, tensors["visual.proj"].T)


def test_both_encoders_take_images_of_another_size():
    vit = build_backbone("clip_vit_b16", image_size=(32, 32), blocks=1, stride=12)
    assert set_input_size(vit, image_size=(64, 32)).feature_map == FeatureMap(768, 5, 2)
    with pytest.raises(ReseenError, match="built for images of 32 x 32, got 64 x 32"):
        vit(torch.rand(1, 3, 64, 32))


def test_attention_pooling_is_resampled_but_for_the_position_of_the_mean():
    pool = AttentionPool(FeatureMap(8, 2, 2), width=4, heads=2)
    mean, other = pool.positional_embedding[0].detach(), FeatureMap(8, 3, 4)
    pool.resize_to(other)
    assert pool(torch.rand(2, *other)).shape == (2, 4)
    torch.testing.assert_close(pool.positional_embedding[0].detach(), mean)
    with pytest.raises(ReseenError, match="3 x 4 = 12 positions, got 8 channels of 2 x 2"):
        pool(torch.rand(1, 8, 2, 2))


def test_in_training_the_vector_before_the_last_block_is_compared_too():
    backbone = build_backbone("clip_vit_b16", image_size=(32, 32), blocks=1)
    head = HEADS["clip"](backbone=backbone, num_identities=3)
    images = torch.rand(2, 3, 32, 32)
    output = head(images)
    assert [vector.shape[1] for vector in output.pooled] == [768, 512, 768]
    assert (len(output.necked), len(output.logits)) == (2, 2)
    torch.testing.assert_close(output.embedding, torch.cat(output.pooled[:2], dim=1))
    sum(vector.sum() for vector in (*output.pooled, *output.logits)).backward()
    assert all(one.grad is not None for one in head.parameters() if one.requires_grad)
    assert len(head.eval()(images).pooled) == 2


def test_attention_pooling_begins_with_positions_of_a_square_map():
    pool = AttentionPool(FeatureMap(8, 4, 2), width=4, heads=2)
    square = torch.cat([torch.full((1, 8), 7.0), torch.ones(9, 8)])
    positions = pool.for_own_map(square)
    torch.testing.assert_close(positions, torch.cat([torch.full((1, 8), 7.0), torch.ones(8, 8)]))
    with pytest.raises(ValueError, match="expected positions of a square map and one for their mean, got 9"):
        pool.for_own_map(square[:9])


def test_start_weights_of_another_width_are_refused_by_the_head():
    backbone = build_backbone("clip_vit_b16", image_size=(32, 32), blocks=1)
    backbone.head_start = {"projection.weight": torch.rand(640, 768)}
    with pytest.raises(ValueError, match=r"projection\.weight: expected \(512, 768\), got \(640, 768\); set projected"):
        HEADS["clip"](backbone=backbone, num_identities=None)


def test_a_resnets_start_weights_bring_positions_of_clips_own_size():
    backbone = build_backbone("clip_resnet50", image_size=(64, 32))
    start = HEADS["clip"](backbone=backbone, num_identities=None, projected=16).parts.state_dict()
    backbone.head_start = start | {"pool.positional_embedding": torch.ones(50, 2048)}
    pool = HEADS["clip"](backbone=backbone, num_identities=None, projected=16).parts.pool
    torch.testing.assert_close(pool.positional_embedding.detach(), torch.ones(1 + 4 * 2, 2048))
    torch.testing.assert_close(pool.c_proj.weight.detach(), start["pool.c_proj.weight"])
