"""Checkpoints of other projects as networks, without a command between."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from public_fastreid import public
from public_osnet import PublicOSNet, trained
from reseen import Embedder
from reseen.deploy.loading import load_network
from reseen.errors import ReseenError

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def fed(images: np.ndarray) -> Tensor:
    """(B, H, W, 3) bytes -> (B, 3, H, W), normalised as both releases are trained."""
    mean, std = (np.array(values) for values in IMAGENET)
    return torch.from_numpy((images / 255 - mean) / std).float().permute(0, 3, 1, 2)


def noise(embedder: Embedder) -> np.ndarray:
    return np.random.default_rng(0).integers(256, size=(1, *embedder.image_size, 3), dtype=np.uint8)


def assert_embeds_as(feature: Tensor, vectors: np.ndarray) -> None:
    np.testing.assert_allclose(vectors, nn.functional.normalize(feature).numpy(), atol=1e-4)


@pytest.mark.parametrize("name", ["osnet_x0_25_msmt17.pth", "osnet.pth.tar", "osnet.safetensors"])
def test_a_file_of_torchreid_opens_as_an_embedder(tmp_path: Path, name: str) -> None:
    torch.manual_seed(0)
    network = trained(PublicOSNet())
    if name.endswith(".safetensors"):
        save_file(network.state_dict(), tmp_path / name)
    else:
        torch.save({"state_dict": network.state_dict(), "epoch": 60, "rank1": np.float64(0.9)}, tmp_path / name)
    embedder = Embedder.from_pretrained(tmp_path / name)
    assert (embedder.image_size, embedder.width) == ((256, 128), 512)
    images = noise(embedder)
    with torch.no_grad():
        assert_embeds_as(network(fed(images))[0], embedder(images))


def test_a_file_of_fastreid_opens_as_an_embedder(tmp_path: Path) -> None:
    network = public(ceil=True, strong=False)
    torch.save({"model": network.saved("1.2")}, tmp_path / "market_bot_R50.pth")
    embedder = Embedder.from_pretrained(str(tmp_path / "market_bot_R50.pth"))
    assert (embedder.image_size, embedder.width) == ((256, 128), 2048)
    images = noise(embedder)
    with torch.no_grad():
        assert_embeds_as(network(fed(images)), embedder(images))


@pytest.mark.parametrize("ours", ["ours.safetensors", "ours.pth"])
def test_the_same_weights_have_one_fingerprint_however_they_came(tmp_path: Path, ours: str) -> None:
    from reseen.tasks.reid.releases import import_weights

    torch.save(trained(PublicOSNet()).state_dict(), tmp_path / "osnet.pth")
    import_weights("torchreid", tmp_path / "osnet.pth", tmp_path / ours)
    raw, imported = (load_network(tmp_path / name).facts for name in ("osnet.pth", ours))
    assert raw == imported


def test_tensors_in_safetensors_open_under_the_name_of_a_checkpoint(tmp_path: Path) -> None:
    save_file(trained(PublicOSNet()).state_dict(), tmp_path / "osnet.pth")
    assert load_network(tmp_path / "osnet.pth").facts.width == 512


@pytest.mark.parametrize("name", ["cats.pth", "cats.pth.tar", "cats.pt", "cats.pkl", "cats.bin", "cats.safetensors"])
def test_tensors_of_no_release_are_refused_with_the_command_that_lists_them(tmp_path: Path, name: str) -> None:
    tensors = {"cats.weight": torch.zeros(3)}
    if name.endswith(".safetensors"):
        save_file(tensors, tmp_path / name)
    else:
        torch.save({"state_dict": tensors}, tmp_path / name)
    with pytest.raises(ReseenError, match=r"cats.*: its tensors belong to no release .*import-weights --list"):
        load_network(tmp_path / name)


def test_a_file_that_would_run_code_is_not_run(tmp_path: Path) -> None:
    torch.save({"model": torch.nn.Linear(2, 2)}, tmp_path / "whole.pth")
    with pytest.raises(ReseenError, match="could run code; nothing was run"):
        load_network(tmp_path / "whole.pth")
