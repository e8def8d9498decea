"""A checkpoint laid out as MiewID's release, computed from timm's network by hand, against the imported model."""

import pytest
import timm
import torch

import reseen
from reseen.errors import ReseenError
from reseen.tasks.reid.releases import import_weights


def test_the_imported_network_gives_the_normed_generalized_mean(tmp_path):
    torch.manual_seed(0)
    body, bn = timm.create_model("efficientnetv2_rw_m", num_classes=0).eval(), torch.nn.BatchNorm1d(2152).eval()
    bn.running_mean.uniform_(-0.2, 0.2)
    bn.running_var.uniform_(0.8, 1.2)
    tensors = {f"backbone.{name}": tensor for name, tensor in body.state_dict().items()}
    tensors |= {f"bn.{name}": tensor for name, tensor in bn.state_dict().items()}
    tensors |= {"pooling.p": torch.tensor([2.7]), "final.weight": torch.randn(30, 2152)}
    torch.save({"state_dict": tensors}, tmp_path / "miewid.pth")
    released = import_weights("miewid", tmp_path / "miewid.pth", tmp_path / "out.safetensors", image_size=(64, 64))
    assert released.left_out == ["final.weight"]
    model = reseen.load_model(tmp_path / "out.safetensors")
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        maps = body.forward_features(images)
        expected = bn((maps.clamp(min=1e-6) ** 2.7).mean(dim=(2, 3)) ** (1 / 2.7))
        got = model(images).embedding
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)


def test_tensors_of_another_network_are_refused(tmp_path):
    torch.save({"backbone.conv_stem.weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(ReseenError, match=r"no MiewID checkpoint: expected pooling\.p and bn\.weight"):
        import_weights("miewid", tmp_path / "other.pth", tmp_path / "out.safetensors")
