"""Each family of networks in each tool: exports, galleries, cameras, image sizes, maps by occlusion, the service."""

from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from starlette.testclient import TestClient

from reseen import Embedder
from reseen.backbones import FAMILIES, clip_resnet, family_of, set_input_size
from reseen.backbones.osnet import blocks
from reseen.deploy.export import LARGEST_DIFFERENCE, export_network
from reseen.deploy.facts import LoadedNetwork
from reseen.deploy.loading import load_network
from reseen.deploy.pushing import stage
from reseen.engine.checkpoint import Card, load_card, save_weights
from reseen.engine.run import Run
from reseen.explain.maps import occlusion, similarity_maps, summed
from reseen.models.metadata import side_information
from reseen.recipe.training import recipe_text
from reseen.retrieval.gallery import Gallery
from reseen.retrieval.record import Record
from reseen.serve.app import create_app
from reseen.serve.explanation import MatchExplainer
from reseen.tasks.reid.build import build_embedder
from reseen.tasks.reid.recipe import recipe_from
from shared import made_once

CAMERAS, VIEWS = ("gate", "yard"), ("front", "rear")
SMALL_RESNET = {"backbone": "narrow_resnet14t", "last_stride": 1}
NETWORKS: Mapping[str, dict[str, Any]] = {
    "cnn": {"backbone": "test_efficientnet"},
    "vit": {"backbone": "test_vit"},
    "vit, class token": {"backbone": "test_vit", "head": {"name": "class_token"}},
    "resnet": {"backbone": "test_resnet", "pooling": "gem"},
    "branches": {**SMALL_RESNET, "branches": [{"name": "bottleneck", "role": "both"}], "metadata": {}},
    "pcb": {"backbone": "test_resnet", "head": {"name": "pcb", "parts": 2, "width": 16}},
    "mgn": {**SMALL_RESNET, "head": {"name": "mgn", "width": 16}},
    "hrcn": {**SMALL_RESNET, "head": {"name": "hrcn", "width": 16}},
    "musp": {**SMALL_RESNET, "head": {"name": "musp", "prototypes": 2, "width": 16}},
    "osnet": {"backbone": "osnet_x0_25", "head": {"name": "fc", "width": 16}},
    "lightmbn": {"backbone": "osnet_x0_25", "head": {"name": "lightmbn"}},
    "transreid": {"backbone": "transreid_deit_tiny", "depth": 2, "head": {"name": "jpm", "shift": 2}},
    "clip vit": {"backbone": "clip_vit_b16", "blocks": 1, "coefficient": 1.0, "head": {"name": "clip"}},
    "clip resnet": {"backbone": "clip_resnet50", "head": {"name": "clip", "projected": 32, "heads": 4}},
    "solider": {"backbone": "solider_swin_tiny", "depths": [2, 1]},
}
"""A small network of each family and head."""
SIZE, OTHER_SIZE = (96, 48), (128, 64)


@pytest.fixture(scope="module", autouse=True)
def _shallow() -> Iterator[None]:
    """Fewer blocks a stage, and streams a block, where no setting says so: an export takes time for each part."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clip_resnet, "LAYERS", (1, 1, 1, 1))
        patch.setattr(blocks, "STREAMS", 2)
        yield


def write(model_settings: dict[str, Any], path: Path) -> None:
    """A weights file of random weights, as training would leave one."""
    recipe = recipe_from(
        {
            "data": {"image_size": list(SIZE)},
            "model": model_settings,
            "sampler": {"identities": 2, "images": 2},
            "transforms": {"resize": {}},
            "losses": {"cross_entropy": {}},
            "optimizer": {"name": "adam", "learning_rate": 1e-3},
            "schedule": {"name": "constant"},
            "training": {"epochs": 1},
        },
        name="small",
    )
    torch.manual_seed(0)
    model = build_embedder(recipe, num_identities=None, start_weights=False, metadata_names=(CAMERAS, VIEWS))
    if hasattr(model, "metadata") and model.metadata is not None:
        torch.nn.init.normal_(model.metadata.table)
    card = Card(recipe.model_dump(mode="json", exclude_none=True), None, None, CAMERAS, VIEWS)
    save_weights(path, model.state_dict(), card)


@pytest.fixture(scope="module", params=NETWORKS)
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    name = request.param.replace(" ", "-").replace(",", "")
    made = made_once(
        tmp_path_factory, f"family-{name}", lambda folder: write(NETWORKS[request.param], folder / "net.safetensors")
    )
    return made / "net.safetensors"


@pytest.fixture(scope="module")
def loaded(file: Path) -> LoadedNetwork:
    return load_network(file)


@pytest.fixture(scope="module")
def images(image: Any) -> list[Image.Image]:
    return [image(identity, 0, size=64) for identity in range(3)]


def test_there_is_a_network_of_each_family() -> None:
    assert {family_of(settings["backbone"]).label for settings in NETWORKS.values()} == {one.label for one in FAMILIES}


def test_its_cameras_are_taken_where_it_learned_them(loaded: LoadedNetwork, images: list[Image.Image]) -> None:
    embedder = Embedder(loaded)
    withheld = embedder(images)
    assert np.isfinite(withheld).all()
    if side_information(loaded.network.network.model) is None:
        assert embedder.visible_metadata == ((), ())
        return
    assert embedder.visible_metadata == (CAMERAS, VIEWS)
    told = embedder(images, cameras=["gate", "yard", None], views=["front", "rear", None])
    assert abs(told - withheld).max(axis=1)[:2].min() > 1e-6
    np.testing.assert_allclose(told[2], withheld[2], atol=1e-6)


def test_it_takes_another_image_size(loaded: LoadedNetwork) -> None:
    model = loaded.network.network.model
    larger = set_input_size(model, image_size=OTHER_SIZE)
    with torch.no_grad():
        assert larger(torch.randn(2, 3, *OTHER_SIZE)).embedding.shape == (2, model.width)
        assert model(torch.randn(2, 3, *SIZE)).embedding.shape == (2, model.width)


def test_occlusion_explains_it(loaded: LoadedNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(occlusion, "CELLS", 2)
    pair = similarity_maps(loaded.network.network.model, *torch.randn(2, 1, 3, *SIZE), method="occlusion")
    assert summed(pair.query).shape == (1, 2, 2)
    assert summed(pair.query).isfinite().all()


def test_its_gallery_is_searched_served_and_explained(
    loaded: LoadedNetwork, images: list[Image.Image], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = Gallery(tmp_path / "gates", embedder=Embedder(loaded), create=True)
    gallery.add([Record(picture=one, identity=str(number)) for number, one in enumerate(images)])
    file = BytesIO()
    images[1].save(file, format="PNG")
    with TestClient(create_app(gallery, network=loaded.network), base_url="http://localhost") as client:
        assert client.get("/gallery").json()["explains"] == ""
        ranking = client.post("/search?k=1", content=file.getvalue()).json()
    assert ranking["identity"] == gallery.search(images[1], k=1)[0].identity == "1"
    monkeypatch.setattr(occlusion, "CELLS", 2)
    explained = MatchExplainer(Embedder(loaded), loaded.network)(*images[:2])
    assert -1.001 <= explained.similarity <= 1.001


@pytest.mark.parametrize(("coefficient", "names"), [(0.0, ()), (3.0, CAMERAS)])
def test_names_of_cameras_are_published_only_where_the_network_learned_them(coefficient, names, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    settings = {**NETWORKS["transreid"], "coefficient": coefficient}
    write(settings, run / "best.safetensors")
    (run / "recipe.toml").write_text(recipe_text(recipe_from(load_card(run / "best.safetensors").recipe, name="run")))
    (tmp_path / "staged").mkdir()
    stage(Run(run), tmp_path / "staged", repository="owner/name")
    assert tuple(load_card(tmp_path / "staged" / "model.safetensors").camera_names) == names


@pytest.mark.long
def test_its_onnx_file_gives_its_vectors(file: Path, images: list[Image.Image], tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.png" for number in range(len(images))]
    for one, path in zip(images, paths, strict=True):
        one.save(path)
    (exported,) = export_network(file, [tmp_path / "net.onnx"], images=paths)
    assert exported.difference <= LARGEST_DIFFERENCE
    expected = Embedder.from_pretrained(file)(paths)
    np.testing.assert_allclose(Embedder.from_pretrained(exported.path)(paths), expected, atol=1e-4)
