"""The network and its loss."""

import math

import pytest
import torch

from reseen.backbones import build_backbone
from reseen.engine.pretrained import resolved
from reseen.errors import ReseenError
from reseen.recipe.training import read_as, recipe_as
from reseen.tasks.segment.build import build_segmenter
from reseen.tasks.segment.classes import IGNORE
from reseen.tasks.segment.heads import HEADS
from reseen.tasks.segment.learner import SegmentLearner, cross_entropy
from reseen.tasks.segment.recipe import SegmentRecipe
from reseen.tasks.segment.scenes import Scene


@pytest.mark.parametrize(("stride", "height", "width"), [(8, 8, 12), (16, 4, 6), (None, 2, 3)])
def test_output_stride_is_what_the_map_is_smaller_by(stride, height, width):
    backbone = build_backbone("resnet10t", image_size=(64, 96), output_stride=stride)
    assert backbone.feature_map[1:] == (height, width)


def test_dilation_leaves_weights_as_they_are():
    plain, dilated = (build_backbone("resnet10t", image_size=(64, 96), output_stride=stride) for stride in (None, 8))
    assert {k: v.shape for k, v in plain.state_dict().items()} == {k: v.shape for k, v in dilated.state_dict().items()}


def test_a_backbone_without_strides_to_dilate_is_refused():
    with pytest.raises(ReseenError, match="no option 'output_stride' of a ViT; it has none"):
        build_backbone("vit_tiny_patch16_224", image_size=(64, 96), output_stride=8)


def test_the_last_two_maps_are_those_of_the_last_two_stages():
    backbone = build_backbone("resnet10t", image_size=(64, 96), output_stride=8).eval()
    seen = {}
    for name in ("layer3", "layer4"):
        backbone.body.get_submodule(name).register_forward_hook(lambda _m, _i, out, name=name: seen.update({name: out}))
    images = torch.randn(2, 3, 64, 96)
    maps, before = backbone.last_two(images)
    assert torch.equal(maps, seen["layer4"])
    assert torch.equal(before, seen["layer3"])
    assert torch.equal(maps, backbone(images))


@pytest.mark.parametrize("name", HEADS)
def test_heads_keep_the_place_of_things(name):
    head = HEADS[name](channels=16, classes=5).eval()
    assert head(torch.randn(2, 16, 6, 9)).shape == (2, 5, 6, 9)


def test_logits_have_the_images_size_and_a_second_head_in_training(segment_recipe):
    model = build_segmenter(resolved(read_as(SegmentRecipe, segment_recipe)), start_weights=False)
    images = torch.randn(2, 3, 32, 64)
    trained = model(images)
    assert trained.logits.shape == trained.auxiliary.shape == (2, 19, 32, 64)
    assert model.eval()(images).auxiliary is None
    alone = read_as(SegmentRecipe, segment_recipe, overrides=["model.auxiliary=0"])
    assert build_segmenter(resolved(alone), start_weights=False)(images).auxiliary is None


def test_every_parameter_learns(segment_recipe):
    model = build_segmenter(resolved(read_as(SegmentRecipe, segment_recipe)), start_weights=False)
    labels = torch.randint(0, 19, (2, 32, 64))
    SegmentLearner(model, auxiliary_weight=0.4)(Scene(torch.randn(2, 3, 32, 64), labels)).total.backward()
    idle = [name for name, weight in model.named_parameters() if weight.requires_grad and weight.grad is None]
    assert idle == []


def test_segmentation_loss_is_the_cross_entropy_computed_by_hand():
    """Logits (ln 3, 0) give the first class 3/4; of three pixels one is ignored."""
    logits = torch.tensor([math.log(3), 0.0]).reshape(1, 2, 1, 1).expand(1, 2, 1, 3)
    labels = torch.tensor([[[0, 1, IGNORE]]])
    assert float(cross_entropy(logits, labels)) == pytest.approx((math.log(4 / 3) + math.log(4)) / 2)
    assert float(cross_entropy(logits, torch.full_like(labels, IGNORE))) == 0


def test_the_second_head_counts_by_its_weight(segment_recipe):
    model = build_segmenter(resolved(read_as(SegmentRecipe, segment_recipe)), start_weights=False)
    batch = Scene(torch.randn(2, 3, 32, 64), torch.randint(0, 19, (2, 32, 64)))
    terms = SegmentLearner(model, auxiliary_weight=0.25)(batch)
    expected = terms.terms["cross_entropy"] + 0.25 * terms.terms["auxiliary"]
    assert float(terms.total.detach()) == pytest.approx(float(expected))


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("model.head.name=fnc", "no head 'fnc'; did you mean 'fcn'?"),
        ('model.head={name="fcn",rates=[1,2,3]}', "no setting 'rates'"),
        ("model.output_stride=4", "output_stride"),
        ("data.scale=[2.0,0.5]", "expected the smaller factor first, got 2, 0.5"),
        ("transforms.flip.probability=0.5", "no transform of scenes 'flip'"),
        ("evaluation.inference=tiles", "inference"),
        ("evaluation.overlap=1.0", "overlap"),
    ],
)
def test_impossible_settings_are_named(segment_recipe, override, said):
    with pytest.raises(ReseenError) as caught:
        read_as(SegmentRecipe, segment_recipe, overrides=[override])
    assert said in str(caught.value)


def test_a_pyramid_needs_a_batch(segment_recipe):
    raw = read_as(SegmentRecipe, segment_recipe).model_dump(mode="json", exclude_none=True)
    raw["model"]["head"], raw["data"]["batch_size"] = {"name": "aspp"}, 1
    with pytest.raises(ReseenError, match="the head aspp needs at least 2"):
        recipe_as(SegmentRecipe, raw)


@pytest.mark.parametrize("data", ["scenes", "cityscapes"])
@pytest.mark.parametrize("attention", ["baseline", "rga-s", "rga-c", "rga-sc"])
def test_the_recipes_that_come_with_reseen_are_sound(data, attention):
    recipe = resolved(read_as(SegmentRecipe, f"segment-{data}-{attention}"))
    names = [line["name"].replace("_", "-") for line in recipe.model.attention.values()]
    assert names == ([] if attention == "baseline" else [attention])
