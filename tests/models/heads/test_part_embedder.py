"""Heads that make several vectors: their order, their necks and classifiers, and what a recipe may say of them."""

import pytest
import torch
from torch import nn

from reseen.errors import ReseenError
from reseen.explain.maps import similarity_maps
from reseen.models.heads import HEADS
from reseen.models.heads.jpm import shuffled
from reseen.models.heads.part_embedder import by_channel
from reseen.tasks.reid.build import build_embedder
from reseen.tasks.reid.recipe import Recipe, read_recipe

SMALL = ("model.backbone=resnet18", "data.image_size=[64,32]")


def recipe_with(head: str, *more: str) -> Recipe:
    return read_recipe("market1501-resnet50-bot", overrides=[*SMALL, f"model.head={head}", *more])


def test_stripes_stand_beside_each_other_by_channel_and_are_means_of_rows():
    model = build_embedder(recipe_with('{name = "pcb", parts = 2}'), num_identities=3, start_weights=False).eval()
    images = torch.rand(2, 3, 64, 32)
    with torch.no_grad():
        output, maps = model(images), model.backbone(images)
        upper, lower = (half.mean(dim=(2, 3)) for half in maps.chunk(2, dim=2))
        unit = [vector / vector.norm(dim=1, keepdim=True) for vector in (upper, lower)]
        torch.testing.assert_close(output.embedding[:, 0::2], unit[0])
        torch.testing.assert_close(output.embedding[:, 1::2], unit[1])
        assert output.embedding.shape == (2, model.width)
        torch.testing.assert_close(output.logits[1], model.classifiers[1](model.necks[0](lower)))


def test_the_class_token_of_a_timm_vit_is_the_embedding():
    lines = ["data.image_size=[64, 64]", "model={backbone='vit_tiny_patch16_224', head={name='class_token'}}"]
    model = build_embedder(read_recipe("demo", overrides=lines), num_identities=None, start_weights=False).eval()
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(model(images).embedding, model.backbone.body.forward_features(images)[:, 0])


def test_by_channel_by_hand():
    joined = by_channel([torch.tensor([[3.0, 4.0]]), torch.tensor([[0.0, 2.0]])])
    torch.testing.assert_close(joined, torch.tensor([[0.6, 0.0, 0.8, 1.0]]))


def test_a_head_comes_back_from_its_card_and_old_cards_do_not_name_one():
    card = recipe_with('{name = "pcb"}').model.model_dump(exclude_none=True)
    assert card["head"] == {"name": "pcb", "parts": 6, "width": 256, "dropout": 0.5}
    assert "head" not in read_recipe("market1501-resnet50-bot").model.model_dump(exclude_none=True)


@pytest.mark.parametrize(
    ("head", "more", "message"),
    [
        ('{name = "pbc"}', (), "did you mean 'pcb'"),
        ('{name = "pcb", stripes = 6}', (), "no setting 'stripes'"),
        ('{name = "pcb"}', ("model.pooling=gem",), "expected pooling left out beside the head 'pcb'"),
        ('{name = "pcb"}', ("model.embedding=pooled",), "expected embedding left out"),
    ],
)
def test_a_wrong_head_is_one_line(head, more, message):
    with pytest.raises(ReseenError, match=message):
        recipe_with(head, *more)


BACKBONES = {
    "clip": "backbone='clip_vit_b16', blocks=2",
    "class_token": "backbone='transreid_deit_tiny', depth=2",
    "fc": "backbone='osnet_x0_25'",
    "jpm": "backbone='transreid_deit_tiny', depth=2",
    "lightmbn": "backbone='osnet_x0_25'",
}
RESNET = "backbone='resnet26', last_stride=1"
"""Of each head a small network that it stands on; the others take a ResNet with bottlenecks."""


@pytest.mark.parametrize("name", HEADS)
def test_without_identities_a_head_has_no_classifier(name):
    model = f"model={{{BACKBONES.get(name, RESNET)}, head={{name='{name}'}}}}"
    recipe = read_recipe("market1501-resnet50-bot", overrides=["data.image_size=[96, 32]", model])
    trained, deployed = (build_embedder(recipe, num_identities=number, start_weights=False) for number in (3, None))
    extra = {path for path, _ in trained.named_parameters()} - {path for path, _ in deployed.named_parameters()}
    assert extra
    assert all(path.startswith("classifiers.") for path in extra)
    assert isinstance(deployed, nn.Module)


@pytest.mark.parametrize(("shift", "dealt"), [(1, [0, 3, 1, 4, 2, 4]), (3, [2, 0, 3, 1, 4, 1])])
def test_patches_are_moved_and_dealt_out_by_turns_by_hand(shift, dealt):
    patches = torch.arange(5.0)[None, :, None]
    assert shuffled(patches, shift=shift, groups=2).flatten().tolist() == dealt


def test_a_head_of_tokens_refuses_a_network_of_maps_in_one_line():
    for name, message in (("jpm", "expected a backbone of TransReID"), ("class_token", "expected a ViT with a class")):
        with pytest.raises(ReseenError, match=message):
            build_embedder(recipe_with(f'{{name = "{name}"}}'), num_identities=3, start_weights=False)


def test_a_shift_of_jpm_beyond_the_patches_is_one_line():
    lines = ["data.image_size=[64, 32]", f"model={{{BACKBONES['jpm']}, head={{name='jpm', shift=9}}}}"]
    with pytest.raises(ReseenError, match="jpm: expected a shift of at most the 4 x 2 patches, got 9"):
        build_embedder(read_recipe("market1501-resnet50-bot", overrides=lines), num_identities=3, start_weights=False)


def test_jpms_vector_which_comes_of_no_pooled_map_is_explained_from_its_tokens():
    lines = ["data.image_size=[64, 32]", f"model={{{BACKBONES['jpm']}, head={{name='jpm'}}}}"]
    recipe = read_recipe("market1501-resnet50-bot", overrides=lines)
    model = build_embedder(recipe, num_identities=None, start_weights=False)
    images = torch.rand(1, 3, 64, 32)
    maps = similarity_maps(model, images, images, method="hires_cam")
    assert maps.query[0].shape[1:] == model.backbone.token_grid
    with pytest.raises(ReseenError, match="decomposition knows pooled maps with a neck, got PartEmbedder"):
        similarity_maps(model, images, images, method="decomposition")


def test_soft_parts_that_count_alike_are_as_cards_of_before_say_and_have_nothing_more():
    recipe = recipe_with('{name = "musp", prototypes = 3, width = 64}')
    model = build_embedder(recipe, num_identities=3, start_weights=False).eval()
    names = {name.split(".")[1] for name in model.state_dict() if name.startswith("parts.")}
    with torch.no_grad():
        output = model(torch.rand(2, 3, 64, 32))
    lengths = output.embedding.unflatten(1, (3, 64)).norm(dim=2)
    assert names == {"key", "value"}
    torch.testing.assert_close(lengths, torch.tensor([[1.0, 1.0, 0.5**0.5]] * 2))
    torch.testing.assert_close(output.embedding[:, :64], nn.functional.normalize(output.necked[0], dim=1))


def test_soft_parts_by_area_export_for_batches_of_any_size():
    head = '{name = "musp", prototypes = 3, width = 64, counted = "by_area", reduction = 16}'
    model = build_embedder(recipe_with(head), num_identities=None, start_weights=False).eval()
    images = torch.rand(3, 3, 64, 32)
    exported = torch.export.export(model, (images[:2],), dynamic_shapes=({0: torch.export.Dim("batch")},))
    with torch.no_grad():
        torch.testing.assert_close(exported.module()(images).embedding, model(images).embedding)
