"""Gradient maps of ViTs: of what enters the attention of the last block, against finite differences and autograd."""

import pytest
import torch
from torch import nn
from torch.nn.functional import cosine_similarity

from reseen.backbones import build_backbone
from reseen.errors import ReseenError
from reseen.explain.maps import branch_vectors, maps_toward, similarity_maps, stage_layers, summed
from reseen.explain.maps.model_inputs import ModelInputs
from reseen.explain.maps.stages import fine_stage, reached_stages
from reseen.explain.maps.tokens import entering_map
from reseen.models.embedder import single_branch
from reseen.models.heads import HEADS

TRANSREID = {"depth": 3, "width": 48, "heads": 2}
SIZE = (64, 48)


def token_model(name="test_vit", head="class_token", *, size=SIZE, **options):
    torch.manual_seed(0)
    options = TRANSREID | options if name.startswith("transreid") else options
    model = HEADS[head](backbone=build_backbone(name, image_size=size, **options), num_identities=None).eval()
    for part in model.modules():  # far from even, as after training: vectors of two images differ
        if isinstance(part, nn.Linear | nn.Conv2d):
            nn.init.normal_(part.weight, std=0.2)
    return model


def pair(size=SIZE):
    return torch.randn(2, 1, 3, *size, generator=torch.Generator().manual_seed(3))


def entering(model, images):
    """The tokens that enter the last block, and those that enter its attention."""
    kept, last = [], model.backbone.body.blocks[-1]
    hooks = [
        part.register_forward_pre_hook(lambda _m, inputs: kept.append(inputs[0].detach())) for part in (last, last.attn)
    ]
    with torch.no_grad():
        model(images)
    for hook in hooks:
        hook.remove()
    return kept


def after_attention(model, tokens, normed):
    """The vector that the last block makes of its tokens, and of what enters its attention."""
    body = model.backbone.body
    block = body.blocks[-1]
    tokens = tokens + block.ls1(block.attn(normed))
    return body.norm(tokens + block.ls2(block.mlp(block.norm2(tokens))))[:, 0]


@pytest.mark.parametrize("name", ["test_vit", "transreid_deit_tiny"])
def test_a_token_map_is_the_gradient_by_hand(name):
    model, (query, match) = token_model(name), pair()
    with torch.no_grad():
        toward = model(match).embedding
    tokens, normed = entering(model, query)
    normed.requires_grad_()
    (gradient,) = torch.autograd.grad(cosine_similarity(after_attention(model, tokens, normed), toward).sum(), normed)
    products, averaged = normed * gradient, normed * gradient[:, 1:].mean(dim=1, keepdim=True)
    for method, by_hand in (("hires_cam", products), ("grad_cam", averaged)):
        maps = similarity_maps(model, query, match, method=method)
        assert torch.allclose(maps.query[0], by_hand[:, 1:].sum(dim=2).reshape(1, 4, 3), rtol=1e-3, atol=1e-5), method
        assert maps.query[0].abs().max() > 1e-4


def test_a_token_map_adds_up_to_the_finite_difference_along_the_patches():
    model, (query, match) = token_model().double(), pair().double()
    (toward,) = branch_vectors(model, ModelInputs(match))
    (maps,) = maps_toward(model, ModelInputs(query), (toward,), method="hires_cam")
    tokens, normed = entering(model, query)
    step = torch.zeros_like(normed)
    step[:, 1 + 5] = 1e-5 * normed[:, 1 + 5]  # the patch in the second row, third column
    with torch.no_grad():
        up, down = (cosine_similarity(after_attention(model, tokens, normed + way * step), toward) for way in (1, -1))
    assert torch.allclose((up - down) / 2e-5, maps[:, 1, 2], rtol=1e-5, atol=0)
    assert maps[:, 1, 2].abs() > 1e-4


def test_the_network_gives_the_same_bits_before_and_after_a_token_map():
    model, (query, match) = token_model("transreid_deit_tiny", "jpm"), pair()
    with torch.no_grad():
        before = model(query).embedding
        state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        similarity_maps(model, query, match)
        assert torch.equal(model(query).embedding, before)
    assert all(torch.equal(tensor, state[name]) for name, tensor in model.state_dict().items())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in model.modules())


def test_passing_the_patches_as_a_map_changes_no_bit():
    model, (query, _) = token_model(), pair()
    (layer,) = stage_layers(model)["last_block"]
    with torch.no_grad():
        before = model(query).embedding
        with entering_map(layer, (4, 3)):
            assert torch.equal(model(query).embedding, before)


def test_several_prefix_tokens_are_left_out_of_the_map():
    import timm

    from reseen.backbones import Backbone

    settings = {"patch_size": 16, "embed_dim": 24, "depth": 2, "num_heads": 2, "num_classes": 0}
    body = timm.models.eva.Eva(img_size=(48, 80), num_reg_tokens=4, use_rot_pos_emb=True, **settings)
    model = HEADS["class_token"](backbone=Backbone(body, image_size=(48, 80)), num_identities=None).eval()
    maps = similarity_maps(model, *pair((48, 80)))
    assert maps.query[0].shape == (1, 3, 5)
    assert maps.query[0].abs().sum() > 0


def test_overlapping_patches_give_a_map_in_pixels():
    model = token_model("transreid_deit_tiny", "jpm", size=(70, 45), stride=12)
    maps = similarity_maps(model, *pair((70, 45)))
    assert summed(maps.query).shape == (1, 70, 45)
    assert (maps.query[0][:, 64:] == 0).all(), "no patch covers the last six rows"


def test_a_head_over_tokens_has_the_last_block_and_no_pooled_map():
    model = token_model()
    assert reached_stages(model) == {"last_block": 12}
    assert fine_stage(model) == "last_block"
    with pytest.raises(ReseenError, match="hires_cam: no stage 'last'; did you mean 'last_block'"):
        similarity_maps(model, *pair(), stage="last")


def test_a_pooled_vit_has_both_and_keeps_its_default():
    model = single_branch(build_backbone("test_vit", image_size=SIZE), num_identities=None)
    assert list(reached_stages(model)) == ["last_block", "last"]
    assert fine_stage(model) == "last"


def test_clips_class_tokens_are_explained_from_the_tokens_before_the_last_block():
    model = token_model("clip_vit_b16", "clip", size=(32, 48), blocks=2)
    maps = similarity_maps(model, *pair((32, 48)))
    assert maps.query[0].shape == (1, 2, 3)


def test_jpm_adds_what_enters_the_attention_of_its_parts():
    model, (query, match) = token_model("transreid_deit_tiny", "jpm").double(), pair().double()
    (toward,) = branch_vectors(model, ModelInputs(match))
    (maps,) = maps_toward(model, ModelInputs(query), (toward,), method="hires_cam")
    jigsaw = model.parts
    shuffled = jigsaw.pieces(torch.arange(12)[None, :, None]).flatten().tolist()
    place = shuffled.index(7)  # of the patch in the third row, second column
    part, token = divmod(place, 3)

    def changed(way):
        def in_whole(_module, inputs):
            inputs[0][:, 1 + 7] *= 1 + way * 1e-5

        def in_part(_module, inputs):
            inputs[0][part, 1 + token] *= 1 + way * 1e-5

        hooks = [
            jigsaw.whole[0].attn.register_forward_pre_hook(in_whole),
            jigsaw.part[0].attn.register_forward_pre_hook(in_part),
        ]
        with torch.no_grad():
            similarity = cosine_similarity(model(query).embedding, toward)
        for hook in hooks:
            hook.remove()
        return similarity

    assert torch.allclose((changed(1) - changed(-1)) / 2e-5, maps[:, 2, 1], rtol=1e-4, atol=0)
    assert maps[:, 2, 1].abs() > 1e-6


def test_a_token_head_over_blocks_of_another_kind_has_no_map_of_gradients():
    model = token_model()

    class Unchanged(nn.Module):
        def forward(self, tokens, **_):
            return tokens

    model.backbone.body.blocks[1].attn = Unchanged()
    with pytest.raises(ReseenError, match="puts its vector together from tokens, not from a map: use occlusion"):
        fine_stage(model)
