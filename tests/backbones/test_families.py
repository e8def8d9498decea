"""A family of networks is one file and one line: a ViT with side information and a CNN, both defined here alone."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from reseen.backbones import FAMILIES, Backbone, Family, build_backbone, families, set_input_size
from reseen.backbones.backbone import SideInformation
from reseen.deploy.export import WRITERS, export_network
from reseen.deploy.pushing import stage
from reseen.engine.checkpoint import load_card, save_weights
from reseen.errors import ReseenError
from reseen.models import read_weights
from reseen.models.normalisation import normalisation_of
from reseen.models.weights import load_weights
from reseen.retrieval.embedder import Embedder
from reseen.tasks.reid.build import load_model
from reseen.tasks.reid.evaluate import evaluate
from reseen.tasks.reid.recipe import read_recipe, recipe_of
from reseen.tasks.reid.train import train
from reseen.types import UNKNOWN

SIZE = (32, 32)


class SmallViT(nn.Module):
    """Patches, positions and, times a coefficient, a row of a table for the camera; it gives the class token's map."""

    def __init__(self, *, image_size: tuple[int, int], cameras: int, coefficient: float) -> None:
        super().__init__()
        self.coefficient = coefficient
        self.patches = nn.Conv2d(3, 16, kernel_size=8, stride=8)
        self.positions = nn.Parameter(torch.randn(1, 16, image_size[0] // 8, image_size[1] // 8) * 0.02)
        self.cameras = nn.Parameter(torch.randn(cameras, 16) * 0.02)
        self.block = nn.TransformerEncoderLayer(16, nhead=2, dim_feedforward=32, dropout=0.0, batch_first=True)

    def forward(self, images: Tensor, cameras: Tensor | None, views: Tensor | None) -> Tensor:
        assert views is None or not len(views) or int(views.max()) == UNKNOWN, "this data has no views"
        tokens = (self.patches(images) + self.positions).flatten(2).transpose(1, 2)
        if cameras is not None and len(self.cameras):
            known = (cameras != UNKNOWN).float()[:, None]
            tokens = tokens + (self.coefficient * known * self.cameras[cameras.clamp(min=0)])[:, None]
        return self.block(tokens).mean(dim=1)[:, :, None, None]


class SmallViTBackbone(Backbone):
    """Names its tensors as a file of its authors does, and resamples its positions."""

    def start_tensors(self, tensors):
        return {name.removeprefix("image_encoder."): tensor for name, tensor in tensors.items()}

    def set_input_size(self, image_size):
        grid = (image_size[0] // 8, image_size[1] // 8)
        positions = nn.functional.interpolate(self.body.positions.data, size=grid, mode="bilinear")
        self.body.positions = nn.Parameter(positions)
        super().set_input_size(image_size)


def small_vit(*, image_size: tuple[int, int], camera_names: tuple[str, ...], coefficient: float = 3.0) -> nn.Module:
    return SmallViT(image_size=image_size, cameras=len(camera_names), coefficient=coefficient)


def small_cnn(*, width: int = 8) -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, width, 3, stride=4, padding=1), nn.BatchNorm2d(width), nn.ReLU())


SMALL_VIT = Family(
    "small ViT",
    build=small_vit,
    owns="small_vit".__eq__,
    backbone=SmallViTBackbone,
    slots=(),
    normalisation=lambda _name, _source: ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
)


@pytest.fixture
def with_small_vit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(families, "FAMILIES", (*FAMILIES, SMALL_VIT))


@pytest.fixture
def trained(with_small_vit, market, recipe_file, tmp_path):
    options = ["model.backbone=small_vit", "training.epochs=1", "optimizer.learning_rate=0.02"]
    return train(recipe_file, data=market(), out=tmp_path / "run", overrides=options).run


def test_a_family_brought_by_one_line_trains_with_its_cameras_and_its_options(trained, recipe_file) -> None:
    model, recipe = load_model(trained.best_weights), recipe_of(trained)
    assert recipe.model.options == {"coefficient": 3.0}, "a run's recipe has every default written out"
    assert recipe.data.mean == (0.5, 0.5, 0.5)
    assert model.backbone.side_information == SideInformation(("1", "2"), ())
    assert model.backbone.body.cameras.requires_grad
    overrides = ["model.backbone=small_vit", "model.coefficient=1.0"]
    assert read_recipe(recipe_file, overrides=overrides).model.options == {"coefficient": 1.0}


def test_a_familys_cameras_are_used_in_evaluation_unless_they_are_withheld(trained) -> None:
    given, withheld = evaluate(trained), evaluate(trained, metadata="withheld")
    assert abs(given.query.vectors - withheld.query.vectors).max() > 1e-4
    only_views = evaluate(trained, metadata="views").query.vectors
    assert (only_views == withheld.query.vectors).all(), "this set has no views"


def test_what_is_deployed_of_a_family_with_cameras_sees_an_image_alone(trained, tmp_path: Path) -> None:
    withheld = evaluate(trained, metadata="withheld")
    paths = [Path(str(trained.data()["path"])) / "query" / str(name) for name in withheld.query.names]
    expected = withheld.query.vectors / np.linalg.norm(withheld.query.vectors, axis=1, keepdims=True)
    exported = export_network(trained.path, [tmp_path / f"net{suffix}" for suffix in WRITERS], images=paths)
    for source in (trained.path, *(entry.path for entry in exported)):
        np.testing.assert_allclose(Embedder.from_pretrained(source)(paths), expected, atol=1e-5)
    (tmp_path / "hub").mkdir()
    stage(trained, tmp_path / "hub", repository="owner/name")
    assert list(load_card(tmp_path / "hub" / "model.safetensors").camera_names) == ["1", "2"]


@pytest.mark.usefixtures("with_small_vit")
def test_a_familys_backbone_learns_its_table_though_images_without_cameras_pass() -> None:
    names = SideInformation(("a", "b"))
    backbone = build_backbone("small_vit", image_size=SIZE, side_information=names).eval()
    images, cameras = torch.randn(2, 3, *SIZE), torch.tensor([0, 1])
    assert backbone.body.cameras.requires_grad
    assert not torch.equal(backbone(images, cameras), backbone(images, cameras.flip(0)))
    assert torch.equal(backbone(images, torch.tensor([UNKNOWN, UNKNOWN])), backbone(images))
    off = build_backbone("small_vit", image_size=SIZE, side_information=names, coefficient=0.0).eval()
    assert torch.equal(off(images, cameras), off(images))


@pytest.mark.usefixtures("with_small_vit")
def test_a_family_sets_another_image_size_and_names_start_weights_in_its_own_way() -> None:
    backbone = build_backbone("small_vit", image_size=SIZE)
    larger = set_input_size(backbone, image_size=(64, 32))
    assert larger.image_size == (64, 32)
    assert larger.body.positions.shape[2:] == (8, 4)
    assert backbone.body.positions.shape[2:] == (4, 4)
    file = {f"image_encoder.{name}": tensor for name, tensor in larger.body.state_dict().items()}
    assert load_weights(larger.body, larger.start_tensors(file)).missing == ()


@pytest.mark.usefixtures("with_small_vit")
def test_an_option_that_a_family_has_not_got_is_one_line_that_names_its_options(recipe_file) -> None:
    with pytest.raises(ReseenError, match="no option 'last_stride' of a small ViT; it has coefficient"):
        build_backbone("small_vit", image_size=SIZE, last_stride=1)
    for backbone, options in (
        ("small_vit", "options of a small ViT: coefficient"),
        ("tf_efficientnet_lite0", "options of a CNN: output_stride"),
        ("vit_tiny_patch16_224", "options of a ViT: none"),
    ):
        with pytest.raises(ReseenError, match=rf"model: no setting 'last_stride'.*; {options}$") as caught:
            read_recipe(recipe_file, overrides=[f"model.backbone={backbone}", "model.last_stride=1"])
        assert "\n" not in str(caught.value)
    with pytest.raises(ReseenError, match=r"model\.coefficient: Input should be a valid number, got 'x'"):
        read_recipe(recipe_file, overrides=["model.backbone=small_vit", "model.coefficient=x"])


@pytest.mark.usefixtures("with_small_vit")
def test_a_family_without_places_for_attention_or_weights_to_fetch_says_so(recipe_file) -> None:
    with pytest.raises(ReseenError, match=r"model\.attention: a small ViT has no places for attention"):
        read_recipe(recipe_file, overrides=["model.backbone=small_vit", "model.attention={stage1={name='se'}}"])
    with pytest.raises(ReseenError, match="no weights of 'small_vit' to fetch: give a weights file or none"):
        build_backbone("small_vit", image_size=SIZE, pretrained=True)
    with pytest.raises(ReseenError, match="branches need a ResNet with bottlenecks"):
        build_backbone("small_vit", image_size=SIZE).split_last_stage()


@pytest.mark.parametrize("by", ["line", "name"])
def test_a_network_from_outside_timm_is_a_line_or_a_function_by_name(by, monkeypatch, recipe_file) -> None:
    name = "small_cnn" if by == "line" else f"{__name__}:small_cnn"
    if by == "line":
        line = Family("small CNN", build=small_cnn, owns="small_cnn".__eq__)
        monkeypatch.setattr(families, "FAMILIES", (*FAMILIES, line))
    backbone = build_backbone(name, image_size=SIZE, width=6)
    assert backbone.feature_map == (6, 8, 8)
    assert set_input_size(backbone, image_size=(64, 32)).feature_map == (6, 16, 8)
    assert normalisation_of("none", backbone=name).mean == (0.485, 0.456, 0.406)
    recipe = read_recipe(recipe_file, overrides=[f"model.backbone={name}", "model.width=4"])
    assert recipe.model.options == {"width": 4}


@pytest.mark.parametrize("name", ["mypackage.nets:osnet", "reseen.types:osnet"])
def test_a_function_that_is_not_there_is_one_line(name: str) -> None:
    with pytest.raises(ReseenError, match=f"no backbone '{name}': ") as caught:
        build_backbone(name, image_size=SIZE)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["shutil:rmtree", "reseen.types:Sample", "math:pi"])
def test_only_what_says_that_it_makes_a_module_is_called_by_name(name: str) -> None:
    with pytest.raises(ReseenError, match=f"backbone '{name}': expected a function annotated to return an nn.Module"):
        build_backbone(name, image_size=SIZE, path="anything")


def test_a_weights_file_of_a_stranger_calls_no_function_but_one_that_makes_a_module(weights_file, tmp_path) -> None:
    card, folder = load_card(weights_file), tmp_path / "mine"
    folder.mkdir()
    model = {"backbone": "shutil:rmtree", "path": str(folder)}
    save_weights(
        tmp_path / "theirs.safetensors",
        read_weights(weights_file).tensors,
        card._replace(recipe={**card.recipe, "model": model}),
    )
    with pytest.raises(ReseenError, match="'shutil:rmtree': expected a function annotated to return an nn"):
        load_model(tmp_path / "theirs.safetensors")
    assert folder.is_dir()


def test_the_old_name_of_set_input_size_warns() -> None:
    import reseen
    from reseen import backbones

    for module in (reseen, backbones):
        with pytest.warns(DeprecationWarning, match="carry is now reseen.backbones.set_input_size"):
            assert module.carry is set_input_size
