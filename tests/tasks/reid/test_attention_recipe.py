"""Attention by recipe line: built, started from a plain network's weights, trained, resized, and loaded again."""

import pytest
import timm
import torch

import reseen
from reseen.attention.rga import ChannelRelation, SpatialRelation
from reseen.engine.checkpoint import Card, save_weights
from reseen.errors import ReseenError
from reseen.models import MODELS
from reseen.tasks.reid.build import build_embedder
from reseen.tasks.reid.build_model import build_model
from reseen.tasks.reid.recipe import read_recipe

LINE = "model.attention={stage1={name='rga_sc', reduction=4, gate_reduction=2}, inside_stage3={name='lka'}}"
SIZE = "data.image_size=[64, 32]"


def built(recipe_file, *overrides, start=False):
    return build_embedder(read_recipe(recipe_file, overrides=[SIZE, *overrides]), num_identities=5, start_weights=start)


def test_a_line_puts_attention_where_it_says(recipe_file):
    backbone = built(recipe_file, "model.backbone=resnet26", LINE).backbone
    assert backbone.slots == ("layer1.attention", "layer3.0.conv2", "layer3.1.conv2")
    kinds = [type(part) for part in backbone.body.layer1.attention]
    assert kinds == [SpatialRelation, ChannelRelation]


def test_plain_weights_start_everything_but_the_attention(recipe_file, tmp_path):
    plain = timm.create_model("resnet26", num_classes=0)
    torch.save(plain.state_dict(), tmp_path / "plain.pth")
    line = f"model.weights='{tmp_path / 'plain.pth'}'"
    body = built(recipe_file, "model.backbone=resnet26", LINE, line, start=True).backbone.body
    assert torch.equal(body.layer3[1].conv3.weight, plain.layer3[1].conv3.weight)
    torch.save({k: v for k, v in plain.state_dict().items() if k != "layer4.0.conv1.weight"}, tmp_path / "plain.pth")
    with pytest.raises(ReseenError, match=r"1 missing \(layer4\.0\.conv1\.weight\)"):
        built(recipe_file, "model.backbone=resnet26", LINE, line, start=True)


def test_weights_with_attention_are_resized_to_the_new_size_and_load_again(recipe_file, tmp_path):
    options = ("model.backbone=resnet18", "model.attention={stage1={name='rga_sc'}}")
    small = built(recipe_file, *options)
    torch.save(small.backbone.body.state_dict(), tmp_path / "small.pth")
    resizing = (
        f"model.weights='{tmp_path / 'small.pth'}'",
        "model.pretrained_size=[64, 32]",
        "data.image_size=[96, 32]",
    )
    recipe = read_recipe(recipe_file, overrides=[*options, *resizing])
    large = build_embedder(recipe, num_identities=5, start_weights=True).eval()
    by_hand = reseen.set_input_size(small.backbone, image_size=(96, 32)).eval()
    images = torch.randn(2, 3, 96, 32)
    assert torch.equal(large.backbone(images), by_hand(images))
    save_weights(tmp_path / "large.safetensors", large.state_dict(), Card(recipe.model_dump(mode="json"), 5, None))
    assert torch.equal(reseen.load_model(tmp_path / "large.safetensors")(images).embedding, large(images).embedding)


def test_a_model_with_attention_trains_and_is_evaluated(market, recipe_file, tmp_path):
    line = "model.attention={stage1={name='rga_sc', reduction=2, gate_reduction=2}}"
    run = reseen.train(recipe_file, data=market(), out=tmp_path / "run", overrides=[line, "training.epochs=1"]).run
    scores = reseen.evaluate(run).report.scores()
    assert 0 <= scores["mAP"] <= 1


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if "attention" in model.settings])
def test_a_name_in_a_recipe_is_the_model_of_that_name(name):
    recipe = read_recipe("rga-sc-cuhk03-labelled", overrides=[f"model.name={name}", "data.image_size=[128, 128]"])
    ours = build_embedder(recipe, num_identities=5, start_weights=False)
    theirs = build_model(name, num_identities=5, image_size=(128, 128), pretrained=False)
    shapes = [{key: tensor.shape for key, tensor in model.state_dict().items()} for model in (ours, theirs)]
    assert shapes[0] == shapes[1]
