"""Networks of timm by name, from a folder, a laid-out cache of the Hub, and a loader that stands in for a download."""

import re
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest
import timm
import torch
from huggingface_hub import constants
from timm.models import save_for_hf
from torch import nn

from reseen import Embedder
from reseen.backbones import set_input_size
from reseen.deploy.loading import load_network
from reseen.errors import ReseenError

COMMIT = "1" * 40
CONFIG = {"mean": (0.4, 0.5, 0.6), "std": (0.2, 0.25, 0.5), "license": "mit"}


def saved(folder: Path, name: str, *, size: int = 64, **options: object) -> nn.Module:
    """A network of timm as its authors publish one: config.json and model.safetensors."""
    torch.manual_seed(0)
    network = timm.create_model(name, num_classes=0, **options).eval()
    for part in network.modules():
        if isinstance(part, nn.LayerNorm):
            nn.init.uniform_(part.weight, 0.5, 1.5)
    config = {**network.pretrained_cfg, **CONFIG, "input_size": (3, size, size)}
    save_for_hf(network, folder, model_config={"pretrained_cfg": config}, safe_serialization=True)
    return network


def expected(network: nn.Module, images: np.ndarray) -> np.ndarray:
    fed = torch.from_numpy((images / 255 - CONFIG["mean"]) / CONFIG["std"]).float().permute(0, 3, 1, 2)
    with torch.no_grad():
        return nn.functional.normalize(network(fed)).numpy()


def noise(size: int) -> np.ndarray:
    return np.random.default_rng(0).integers(256, size=(2, size, size, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("test_vit", {"img_size": 64}),
        ("test_vit", {"img_size": 64, "global_pool": "avg"}),
        ("test_convnext", {}),
        ("test_resnet", {}),
        ("swin_tiny_patch4_window7_224", {"img_size": 64, "embed_dim": 24, "depths": (1, 1, 1, 1), "window_size": 2}),
    ],
)
def test_a_network_of_timm_embeds_with_its_own_pooling_and_preprocessing(tmp_path, name, options):
    network = saved(tmp_path, name, **options)
    embedder = Embedder.from_pretrained(f"timm:local-dir:{tmp_path}")
    images = noise(64)
    assert embedder.image_size == (64, 64)
    np.testing.assert_allclose(embedder(images), expected(network, images), atol=1e-5)
    assert embedder.note.endswith("as its authors trained it (licence of the weights: mit)")


def test_a_repository_of_the_hub_is_read_from_its_cache(tmp_path, monkeypatch):
    snapshot = tmp_path / "models--owner--animals" / "snapshots" / COMMIT
    network = saved(snapshot, "test_vit", img_size=64)
    (tmp_path / "models--owner--animals" / "refs").mkdir()
    (tmp_path / "models--owner--animals" / "refs" / "main").write_text(COMMIT)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    images = noise(64)
    for source in ("timm:hf-hub:owner/animals", f"timm:hf-hub:owner/animals@{COMMIT}"):
        embedder = Embedder.from_pretrained(source)
        assert embedder.source == source
        np.testing.assert_allclose(embedder(images), expected(network, images), atol=1e-5)
    with pytest.raises(
        ReseenError, match=r"owner/animals@1+: a network of timm: name it timm:hf-hub:owner/animals@1+$"
    ):
        Embedder.from_pretrained("owner/animals")


def test_a_name_of_timms_takes_the_size_and_normalisation_of_its_weights(monkeypatch):
    """DINOv2's name, with a small network in place of the download."""
    made = timm.create_model("vit_small_patch14_dinov2.lvd142m", num_classes=0, depth=1, img_size=518)
    asked = []

    def downloaded(name: str, **options: object) -> nn.Module:
        asked.append((name, options))
        return made

    monkeypatch.setattr(timm, "create_model", downloaded)
    loaded = load_network("timm:vit_small_patch14_dinov2.lvd142m")
    assert asked == [("vit_small_patch14_dinov2.lvd142m", {"pretrained": True, "num_classes": 0})]
    assert (loaded.facts.image_size, loaded.facts.width) == ((518, 518), 384)
    torch.testing.assert_close(loaded.network.network.scale, 1 / (255 * torch.tensor([0.229, 0.224, 0.225])))
    with torch.no_grad():
        image = torch.randn(1, 3, 518, 518)
        torch.testing.assert_close(
            loaded.network.network.model(image).embedding, made.eval().forward_features(image)[:, 0]
        )


def test_another_image_size_resamples_its_positions(tmp_path):
    saved(tmp_path, "test_vit", img_size=64)
    model = load_network(f"timm:local-dir:{tmp_path}").network.network.model
    assert set_input_size(model, image_size=(96, 48))(torch.randn(1, 3, 96, 48)).embedding.shape == (1, model.width)


@pytest.mark.parametrize("name", ["test_vit.r160_in1k", "hf-hub:nobody/nothing"])
def test_weights_that_cannot_be_fetched_are_one_line(name, tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    message = f"^cannot fetch '{re.escape(name)}' for timm: it is not in the cache, and the Hub cannot be reached$"
    with pytest.raises(ReseenError, match=message):
        load_network(f"timm:{name}")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("resnet5O", "no backbone 'resnet5O'; nearest timm names: resnet50"),
        ("osnet_x1_0", "timm:osnet_x1_0: timm has no network of this name"),
        ("resnet50.never", "timm cannot build 'resnet50.never' with its weights: Invalid pretrained tag"),
        ("local-dir:nowhere", "cannot fetch 'local-dir:nowhere' for timm: Config file not found"),
        ("hf-hub:owner", "expected the name of a Hub repository, owner/name"),
        ("hf-hub:runs/mien", "runs/mien looks like a path, so it was not looked up on the Hub"),
        ("hf-hub:./mien", "looks like a path|expected the name of a Hub repository"),
        ("hf-hub:elsewhere/best.safetensors", "looks like a path, so it was not looked up on the Hub"),
    ],
)
def test_what_is_no_network_of_timm_is_one_line_and_asks_nobody(name, message, tmp_path, monkeypatch):
    (tmp_path / "runs").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", lambda *_, **__: pytest.fail("the Hub was asked"))
    with pytest.raises(ReseenError, match=message) as raised:
        load_network(f"timm:{name}")
    assert "\n" not in str(raised.value)
