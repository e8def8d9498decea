"""A checkpoint laid out as MiewID's release, computed from timm's network by hand, against the imported model."""

import numpy as np
import pytest
import timm
import torch
from huggingface_hub import constants
from safetensors.torch import save_file

import reseen
from reseen.errors import ReseenError
from reseen.tasks.reid.releases import import_weights


def public():
    """The body, the norm, and the tensors as the release names them."""
    torch.manual_seed(0)
    body, bn = timm.create_model("efficientnetv2_rw_m", num_classes=0), torch.nn.BatchNorm1d(2152).eval()
    for part in body.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.momentum = 1.0
    with torch.no_grad():
        body(torch.randn(2, 3, 64, 64))  # the norms' statistics, without which random weights explode
    body.eval()
    bn.running_mean.uniform_(-0.2, 0.2)
    bn.running_var.uniform_(0.8, 1.2)
    tensors = {f"backbone.{name}": tensor for name, tensor in body.state_dict().items()}
    tensors |= {f"bn.{name}": tensor for name, tensor in bn.state_dict().items()}
    return body, bn, {**tensors, "pooling.p": torch.tensor([2.7]), "final.weight": torch.randn(30, 2152)}


def feature(body, bn, images):
    with torch.no_grad():
        maps = body.forward_features(images)
        return bn((maps.clamp(min=1e-6) ** 2.7).mean(dim=(2, 3)) ** (1 / 2.7))


def test_the_imported_network_gives_the_normed_generalized_mean(tmp_path):
    body, bn, tensors = public()
    torch.save({"state_dict": tensors}, tmp_path / "miewid.pth")
    released = import_weights("miewid", tmp_path / "miewid.pth", tmp_path / "out.safetensors", image_size=(64, 64))
    assert released.left_out == ["final.weight"]
    model = reseen.load_model(tmp_path / "out.safetensors")
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(model(images).embedding, feature(body, bn, images), rtol=1e-4, atol=1e-5)


@pytest.mark.long
def test_its_repository_opens_by_its_public_name(tmp_path, monkeypatch):
    body, bn, tensors = public()
    repository, commit = tmp_path / "models--conservationxlabs--miewid-msv3", "1" * 40
    (repository / "snapshots" / commit).mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    save_file(tensors, repository / "snapshots" / commit / "model.safetensors")
    (repository / "snapshots" / commit / "config.json").write_text('{"auto_map": {}, "model_type": "miewid"}')
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    embedder = reseen.Embedder.from_pretrained("conservationxlabs/miewid-msv3")
    assert (embedder.image_size, embedder.width) == ((440, 440), 2152)
    assert embedder.source == f"conservationxlabs/miewid-msv3@{commit}"
    image = np.random.default_rng(0).integers(256, size=(1, 440, 440, 3), dtype=np.uint8)
    fed = torch.from_numpy((image / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)).float().permute(0, 3, 1, 2)
    expected = torch.nn.functional.normalize(feature(body, bn, fed)).numpy()
    np.testing.assert_allclose(embedder(image), expected, atol=1e-4)


def test_tensors_of_another_network_are_refused(tmp_path):
    torch.save({"backbone.conv_stem.weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(ReseenError, match=r"no MiewID checkpoint: expected pooling\.p and bn\.weight"):
        import_weights("miewid", tmp_path / "other.pth", tmp_path / "out.safetensors")
