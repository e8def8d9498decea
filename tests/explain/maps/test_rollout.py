"""Attention roll-out of ViTs: against loops, for every family, and without a trace in the network."""

from functools import partial

import pytest
import timm
import torch
from torch import nn

from reseen.backbones import Backbone, build_backbone
from reseen.errors import ReseenError
from reseen.explain.maps import attention_maps, has_attention
from reseen.explain.maps.attention_weights import recorded_weights
from reseen.explain.maps.rollout import rolled_out
from reseen.explain.maps.tokens import attention_blocks, over_image
from reseen.models.embedder import single_branch
from reseen.models.heads import HEADS

TINY = {"patch_size": 16, "embed_dim": 24, "depth": 3, "num_heads": 2, "num_classes": 0}
TRANSREID = {"depth": 3, "width": 48, "heads": 2}


def eva(**options: object) -> nn.Module:
    return timm.models.eva.Eva(**TINY, **options)


def vit(**options: object) -> nn.Module:
    return timm.models.vision_transformer.VisionTransformer(**TINY, **options)


BODIES = {
    "class token": vit,
    "registers": partial(vit, reg_tokens=3),
    "no class token": partial(vit, class_token=False, global_pool="avg"),
    "norms of queries and keys": partial(vit, qk_norm=True),
    "eva": partial(eva, use_rot_pos_emb=True),
    "dinov3": partial(eva, use_rot_pos_emb=True, num_reg_tokens=4, attn_type="rope", use_abs_pos_emb=False),
    "beit": partial(timm.models.beit.Beit, use_rel_pos_bias=True, **TINY),
    "relative positions": partial(timm.models.vision_transformer_relpos.VisionTransformerRelPos, **TINY),
}


def backbone_of(body: str, size: tuple[int, int] = (64, 32)) -> Backbone:
    torch.manual_seed(0)
    return Backbone(_shaken(BODIES[body](img_size=size)), image_size=size).eval()


def _shaken(body: nn.Module) -> nn.Module:
    """With attention that is far from even, as after training."""
    with torch.no_grad():
        for name, parameter in body.named_parameters():
            if "qkv.weight" in name or "q_proj.weight" in name or "k_proj.weight" in name or "relative" in name:
                parameter.normal_(std=0.4)
    return body


def images_of(size: tuple[int, int], count: int = 2) -> torch.Tensor:
    return torch.randn(count, 3, *size, generator=torch.Generator().manual_seed(3))


def naive(weights: list[torch.Tensor]) -> torch.Tensor:
    """The whole product, entry by entry, of one image's (N, N), the first block's first."""
    joint = None
    for of_block in weights:
        count = len(of_block)
        mixed = torch.zeros(count, count, dtype=torch.float64)
        for row in range(count):
            total = sum(float(of_block[row, k]) for k in range(count)) + 1
            for column in range(count):
                mixed[row, column] = (float(of_block[row, column]) + (row == column)) / total
        joint = mixed if joint is None else mixed @ joint
    return joint


def by_hand(body: nn.Module, images: torch.Tensor) -> list[torch.Tensor]:
    """Each block's weights (B, N, N) from its own queries and keys, of a plain timm ViT."""
    weights = []
    tokens = body.norm_pre(body._pos_embed(body.patch_embed(images)))
    for block in body.blocks:
        attention = block.attn
        entering = block.norm1(tokens)
        qkv = attention.qkv(entering).unflatten(-1, (3, attention.num_heads, attention.head_dim))
        query, key = (attention.q_norm(qkv[:, :, 0]), attention.k_norm(qkv[:, :, 1]))
        products = torch.einsum("bihd,bjhd->bhij", query, key) * attention.head_dim**-0.5
        weights.append(products.softmax(dim=-1).mean(dim=1))
        tokens = block(tokens)
    return weights


@pytest.mark.parametrize("body", ["class token", "registers", "norms of queries and keys"])
def test_the_rollout_of_the_class_token_is_that_of_naive_loops(body):
    backbone, images = backbone_of(body), images_of((64, 32))
    model = HEADS["class_token"](backbone=backbone, num_identities=None).eval()
    (found,) = attention_maps(model, images)
    assert (found.place, found.kind, list(found.maps)) == ("ViT", "roll-out", ["class token"])
    with torch.no_grad():
        weights = by_hand(backbone.body, images)
    for image, of_image in enumerate(found.maps["class token"]):
        expected = naive([of_block[image] for of_block in weights])[0, -8:].reshape(4, 2)
        assert torch.allclose(of_image.double(), expected, rtol=1e-5)
    assert found.maps["class token"].std() > 0.005, "planted attention is not even"


def test_a_pooled_map_shows_the_mean_of_the_patches_first_and_a_place_its_own_row():
    backbone, images = backbone_of("registers"), images_of((64, 32))
    model = single_branch(backbone, num_identities=None).eval()
    (found,) = attention_maps(model, images, position=(0.6, 0.9))
    assert list(found.maps) == ["from here", "mean of patches", "class token"]
    with torch.no_grad():
        joint = naive([of_block[1] for of_block in by_hand(backbone.body, images)])
    patches = joint[-8:, -8:]
    assert torch.allclose(found.maps["mean of patches"][1].double().flatten(), patches.mean(dim=0), rtol=1e-5)
    assert torch.allclose(found.maps["from here"][1].double().flatten(), patches[2 * 2 + 1], rtol=1e-5)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("fused", [True, False])
def test_the_weights_of_every_vit_sum_to_1_and_leave_its_bits_alone(body, fused):
    backbone, images = backbone_of(body), images_of((64, 32))
    model = single_branch(backbone, num_identities=None).eval()
    blocks = attention_blocks(model)
    for block in blocks:
        block.fused_attn = fused
    hooks = {path: (len(part._forward_hooks), len(part._forward_pre_hooks)) for path, part in model.named_modules()}
    with torch.no_grad():
        before = backbone(images)
        with recorded_weights(blocks) as weights:
            during = backbone(images)
        after = backbone(images)
    assert torch.equal(before, during)
    assert torch.equal(before, after)
    assert hooks == {
        path: (len(part._forward_hooks), len(part._forward_pre_hooks)) for path, part in model.named_modules()
    }
    assert len(blocks) == len(weights) == 3
    tokens = backbone.body.num_prefix_tokens + 8
    for of_block in weights.values():
        assert of_block.shape == (2, tokens, tokens)
        assert torch.allclose(of_block.sum(dim=-1), torch.ones(2, tokens), atol=1e-5)
        assert (of_block >= 0).all()
    rows = rolled_out(list(weights.values()), torch.eye(tokens).expand(2, -1, -1))
    assert torch.allclose(rows.sum(dim=-1), torch.ones(2, tokens), atol=1e-5)
    assert has_attention(model)


@pytest.mark.parametrize("body", ["eva", "dinov3", "beit", "relative positions"])
def test_weights_of_the_fused_call_are_those_that_timm_multiplies_without_it(body):
    backbone, images = backbone_of(body), images_of((64, 32))
    blocks = attention_blocks(single_branch(backbone, num_identities=None))
    seen = []
    for fused in (True, False):
        for block in blocks:
            block.fused_attn = fused
        with torch.no_grad(), recorded_weights(blocks) as weights:
            backbone(images)
        seen.append(list(weights.values()))
    for fused, plain in zip(*seen, strict=True):
        assert torch.allclose(fused, plain, atol=1e-5)
    assert max(float(of_block.std()) for of_block in seen[0]) > 0.02


def test_an_error_in_the_network_leaves_no_hook_behind():
    model = single_branch(backbone_of("class token"), num_identities=None)
    with pytest.raises(ReseenError, match="built for images of 64 x 32"):
        attention_maps(model, torch.zeros(1, 3, 32, 32))
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in model.modules())


def test_overlapping_patches_are_drawn_at_their_pixels():
    torch.manual_seed(0)
    backbone = build_backbone("transreid_deit_tiny", image_size=(70, 45), stride=12, **TRANSREID)
    model = HEADS["class_token"](backbone=backbone, num_identities=None).eval()
    assert backbone.token_grid == (5, 3)
    (found,) = attention_maps(model, images_of((70, 45)))
    assert found.maps["class token"].shape == (2, 70, 45)
    values = torch.rand(2, 5, 3)
    drawn = over_image(values, backbone)
    for row, column in [(0, 0), (13, 20), (63, 39), (15, 27), (64, 3), (3, 40)]:
        covering = [
            values[:, i, j]
            for i in range(5)
            for j in range(3)
            if 12 * i <= row < 12 * i + 16 and 12 * j <= column < 12 * j + 16
        ]
        expected = torch.stack(covering).mean(dim=0) if covering else torch.zeros(2)
        assert torch.allclose(drawn[:, row, column], expected)


def test_patches_that_tile_the_image_stay_a_map_of_patches():
    values = torch.rand(1, 4, 2)
    assert over_image(values, backbone_of("class token")) is values


def test_the_parts_of_jpm_show_the_patches_that_they_saw():
    torch.manual_seed(0)
    backbone = build_backbone("transreid_deit_tiny", image_size=(64, 48), **TRANSREID)
    model = HEADS["jpm"](backbone=backbone, num_identities=None, parts=4, shift=5).eval()
    images = images_of((64, 48))
    (found,) = attention_maps(model, images)
    assert (found.place, list(found.maps)) == ("ViT", ["class token", "part 1", "part 2", "part 3", "part 4"])
    jigsaw, blocks = model.parts, attention_blocks(model)
    with torch.no_grad(), recorded_weights(blocks) as weights:
        model(images)
    *trunk, whole, part = (weights[block] for block in blocks)
    joint = naive([*(each[1] for each in trunk), whole[1]])
    assert torch.allclose(found.maps["class token"][1].double().flatten(), joint[0, 1:], rtol=1e-5)
    shuffled = jigsaw.pieces(torch.arange(1, 13)[None, :, None]).flatten().tolist()
    earlier = naive([each[1] for each in trunk])
    for number in range(4):
        own = naive([part[2 * number + 1]])[0]  # parts of image 0 and of image 1 take turns
        expected = own[0] * earlier[0]
        for place, token in enumerate(shuffled[3 * number : 3 * number + 3], start=1):
            expected = expected + own[place] * earlier[token]
        assert torch.allclose(found.maps[f"part {number + 1}"][1].double().flatten(), expected[1:], rtol=1e-5)


def test_planted_attention_is_drawn_where_it_was_planted():
    # Keys of one patch are those that all tokens ask for, so that nearly all of the roll-out lies there.
    backbone = backbone_of("class token", (64, 64))
    images = torch.zeros(1, 3, 64, 64)
    images[:, :, 16:32, 48:64] = 3.0
    model = HEADS["class_token"](backbone=backbone, num_identities=None).eval()
    _attend_to_bright(backbone.body)
    (found,) = attention_maps(model, images)
    assert found.maps["class token"][0].argmax() == 1 * 4 + 3


def _attend_to_bright(body: nn.Module) -> None:
    """A channel of the tokens says how bright a patch is; every query and key reads that channel alone."""
    with torch.no_grad():
        for parameter in (body.patch_embed.proj.weight, body.patch_embed.proj.bias, body.pos_embed, body.cls_token):
            parameter.zero_()
        body.patch_embed.proj.weight[0] = 0.1
        for block in body.blocks:
            block.attn.qkv.weight.zero_()
            block.attn.qkv.bias.zero_()
            width = block.attn.num_heads * block.attn.head_dim
            block.attn.qkv.bias[:width] = 3.0
            block.attn.qkv.weight[width : 2 * width, 0] = 1.0
            block.attn.proj.weight.zero_()
            block.mlp.fc2.weight.zero_()


@pytest.mark.parametrize("name", ["swin_tiny_patch4_window7_224", "solider_swin_tiny"])
def test_attention_within_windows_is_refused_in_one_line(name):
    with torch.device("meta"):
        backbone = build_backbone(name, image_size=(224, 224))
    model = single_branch(backbone, num_identities=None)
    assert not has_attention(model)
    with pytest.raises(ReseenError, match=r"relate all tokens, not windows as Swin's do.*hires_cam, occlusion"):
        attention_maps(model, torch.zeros(1, 3, 224, 224))
