"""Attention maps: each module's own numbers, under the name of the place where it sits."""

from functools import partial

import pytest
import torch

from reseen.attention import ATTENTIONS
from reseen.errors import ReseenError
from reseen.explain.maps import ModelInputs, attention_maps

RELATION = {"reduction": 4, "gate_reduction": 2}


def attended(single, slots):
    return single(attention={slot: partial(ATTENTIONS[name], **options) for slot, (name, options) in slots.items()})


def entered(model, module, images):
    """The map that a module is given."""
    kept = []
    hook = module.register_forward_pre_hook(lambda _m, inputs: kept.append(inputs[0]))
    with torch.no_grad():
        model.eval()(images)
    hook.remove()
    return kept[0]


def test_each_attention_module_is_named_by_its_place(single, images):
    model = attended(single, {"stage2": ("rga_sc", RELATION), "stage3": ("lka", {}), "stage4": ("hca", {})})
    found = attention_maps(model, images)
    assert [(one.place, one.kind) for one in found] == [
        ("stage2", "RGA-S"),
        ("stage2", "RGA-C"),
        ("stage3", "LKA"),
        ("stage4", "HCA"),
    ]
    spatial, channel, large, hybrid = found
    body = model.backbone.body
    gates, next_gates = body.layer2.attention
    with torch.no_grad():
        assert torch.allclose(spatial.maps["gate"], gates.gates(entered(model, gates, images))[:, 0])
        assert torch.allclose(channel.channels, next_gates.gates(entered(model, next_gates, images))[:, :, 0, 0])
        weights = body.layer3.attention.weights(entered(model, body.layer3.attention, images))
        assert torch.allclose(large.maps["|A|"], weights.abs().mean(dim=1))
        weights = body.layer4.attention.weights(entered(model, body.layer4.attention, images))
    assert torch.allclose(hybrid.maps["weight"], weights.mean(dim=1))
    assert torch.allclose(hybrid.channels, weights.mean(dim=(2, 3)))
    assert (spatial.channels, dict(channel.maps)) == (None, {})


def test_parallel_gates_are_read_from_the_module_that_holds_them(single, images):
    model = attended(single, {"stage3": ("rga_parallel", RELATION)})
    (found,) = attention_maps(model, images)
    module = model.backbone.body.layer3.attention
    with torch.no_grad():
        maps = entered(model, module, images)
        assert torch.allclose(found.maps["gate"], module.spatial.gates(maps)[:, 0])
        assert torch.allclose(found.channels, module.channel.gates(maps)[:, :, 0, 0])


@pytest.mark.parametrize(("position", "cell"), [((0.0, 0.0), (0, 0)), ((0.49, 0.75), (3, 6)), ((1.0, 1.0), (7, 7))])
def test_a_position_is_read_at_its_cell(single, images, position, cell):
    model = attended(single, {"stage2": ("rga_s", RELATION)})
    (found,) = attention_maps(model, images, position=position)
    module = model.backbone.body.layer2.attention
    with torch.no_grad():
        rows = module.relations(entered(model, module, images), position=cell)
    assert torch.allclose(found.maps["r(i, k)"], rows[:, 0])
    assert torch.allclose(found.maps["r(k, i)"], rows[:, 1])


def test_attention_of_branches_is_read_block_by_block(branched, images):
    model = branched(metadata=True)
    found = attention_maps(model, ModelInputs(images, torch.zeros(6, dtype=torch.long)), position=(0.9, 0.1))
    assert [(one.place, one.kind) for one in found] == [
        ("branch2 block1", "HCA"),
        ("branch2 block2", "HCA"),
        ("branch3 block1", "self-attention"),
        ("branch3 block2", "self-attention"),
    ]
    heads = found[2].maps
    assert list(heads) == ["all heads", "head 1", "head 2", "head 3", "head 4"]
    module = model.branches[2].stage[0].conv2
    with torch.no_grad():
        weights = module.weights(entered(model, module, images), position=(3, 0))
    assert torch.allclose(heads["head 2"], weights[:, 1])
    assert torch.allclose(heads["all heads"], weights.mean(dim=1))


def test_attention_inside_bottlenecks_is_named_by_the_block(images):
    from reseen.backbones import build_backbone
    from reseen.models.embedder import single_branch

    options = {"attention": {"inside_stage4": ATTENTIONS["mhsa"]}}
    model = single_branch(build_backbone("resnet26", image_size=(64, 64), **options), num_identities=None)
    assert [one.place for one in attention_maps(model, images)] == ["stage4 block1", "stage4 block2"]


def test_reading_attention_leaves_the_model_unchanged(single, images):
    model = attended(single, {"stage3": ("rga_sc", RELATION)}).train()
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    attention_maps(model, images, position=(0.5, 0.5))
    assert all(part.training for part in model.modules())
    assert all(torch.equal(tensor, state[name]) for name, tensor in model.state_dict().items())
    assert not any(part._forward_pre_hooks for part in model.modules())


def test_a_model_without_attention_is_refused_with_the_kinds_there_are(single, images):
    with pytest.raises(ReseenError, match=r"no attention to draw \(drawn are RGA-S, RGA-C.*hires_cam"):
        attention_maps(single(), images)
    with pytest.raises(ReseenError, match="shares of height and width from 0 to 1"):
        attention_maps(single(), images, position=(64, 3))
