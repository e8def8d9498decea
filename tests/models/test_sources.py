"""Weights from files and from the wheel; damaged, foreign and hostile files are refused in one line."""

import argparse
import os
import pickle
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from efficientnet_lite_pytorch import EfficientNet
from huggingface_hub import constants
from safetensors.torch import save_file

from reseen.backbones import build_backbone
from reseen.errors import ReseenError
from reseen.models import WHEEL, WHEELS, load_weights, read_weights

TENSORS = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.ones(2)}


def same(tensors: dict[str, torch.Tensor]) -> bool:
    return tensors.keys() == TENSORS.keys() and all(torch.equal(tensors[name], TENSORS[name]) for name in TENSORS)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda tensors: tensors,
        lambda tensors: {"state_dict": tensors, "epoch": 7},
        lambda tensors: {"model": tensors, "optimizer": {"state": {}}},
        lambda tensors: {f"module.{name}": tensor for name, tensor in tensors.items()},
        lambda tensors: {"state_dict": {f"module.{name}": tensor for name, tensor in tensors.items()}},
        lambda tensors: {name: torch.nn.Parameter(tensor) for name, tensor in tensors.items()},
    ],
    ids=["plain", "state_dict", "model", "module", "both", "parameters"],
)
@pytest.mark.parametrize("zipped", [True, False])
def test_a_torch_checkpoint_is_read_however_it_is_wrapped(
    tmp_path: Path, wrap: Callable[[dict[str, torch.Tensor]], object], zipped: bool
) -> None:
    path = tmp_path / "weights.pth"
    torch.save(wrap(TENSORS), path, _use_new_zipfile_serialization=zipped)
    weights = read_weights(path)
    assert same(weights.tensors)
    assert weights.mean is weights.std is None


def test_a_safetensors_file_is_read(tmp_path: Path) -> None:
    save_file(TENSORS, tmp_path / "weights.safetensors")
    assert same(read_weights(str(tmp_path / "weights.safetensors")).tensors)


def test_where_one_tensor_has_no_module_prefix_all_names_are_kept(tmp_path: Path) -> None:
    torch.save({"module.a": torch.ones(1), "b": torch.ones(1)}, tmp_path / "weights.pth")
    assert set(read_weights(tmp_path / "weights.pth").tensors) == {"module.a", "b"}


class Hostile:
    """Unpickled, it would create a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.target}",)


@pytest.mark.parametrize("how", ["torch", "torch-legacy", "pickle", "zip-without-magic"])
def test_a_pickle_that_would_run_code_is_refused_and_not_run(tmp_path: Path, how: str) -> None:
    path, target = tmp_path / "weights.pth", tmp_path / "ran"
    hostile = {"state_dict": TENSORS, "extra": Hostile(target)}
    if how == "pickle":
        path.write_bytes(pickle.dumps(hostile))
    elif how == "zip-without-magic":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", pickle.dumps(hostile["extra"], protocol=2))
            archive.writestr("archive/version", "3\n")
    else:
        torch.save(hostile, path, _use_new_zipfile_serialization=how == "torch")
    with pytest.raises(ReseenError, match=r"weights.pth") as caught:
        read_weights(path)
    assert not target.exists()
    assert "\n" not in str(caught.value)
    if how == "torch":
        assert "could run code; nothing was run" in str(caught.value)
        assert "system" in str(caught.value)


def test_harmless_objects_beside_the_tensors_are_named(tmp_path: Path) -> None:
    torch.save({"state_dict": TENSORS, "args": argparse.Namespace(lr=0.1)}, tmp_path / "weights.pth")
    with pytest.raises(ReseenError, match=r"holds more than tensors \('argparse.Namespace'\)"):
        read_weights(tmp_path / "weights.pth")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("kind", ["zip", "legacy", "safetensors"])
def test_a_truncated_file_is_refused(tmp_path: Path, kind: str, share: float) -> None:
    path = tmp_path / ("weights.safetensors" if kind == "safetensors" else "weights.pth")
    tensors = {"weight": torch.randn(100, 100)}
    if kind == "safetensors":
        save_file(tensors, path)
    else:
        torch.save(tensors, path, _use_new_zipfile_serialization=kind == "zip")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(ReseenError, match=f"{path.name} is damaged") as caught:
        read_weights(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"hello", b"\x89PNG\r\n\x1a\n" + bytes(64), b"PK\x03\x04" + bytes(64)])
@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ReseenError, match=f"{name} is damaged or no"):
        read_weights(tmp_path / name)


@pytest.mark.parametrize("content", [[1, 2], {}, {"epoch": 3, "lr": 0.1}, {"state_dict": {}}, torch.ones(2)])
def test_a_checkpoint_without_tensors_by_name_is_refused(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "weights.pth")
    with pytest.raises(ReseenError, match="holds no state dict: expected tensors by name"):
        read_weights(tmp_path / "weights.pth")


@pytest.mark.parametrize("source", ["nowhere.pth", "wheel:efficientnet", "Timm", ""])
def test_an_unknown_source_says_what_is_possible(source: str) -> None:
    with pytest.raises(ReseenError, match=f"no weights file .*none, timm, {WHEEL}"):
        read_weights(source)


def test_a_torchscript_archive_is_not_run_and_says_how_its_tensors_are_saved(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("Cannot use ``weights_only=True`` with TorchScript archives passed to ``torch.load``.")

    monkeypatch.setattr(torch, "load", refuse)
    (tmp_path / "ViT-B-16.pt").write_bytes(b"archive")
    with pytest.raises(ReseenError, match=r"ViT-B-16\.pt is a TorchScript archive, which holds code; nothing was run"):
        read_weights(tmp_path / "ViT-B-16.pt")


def test_the_source_none_has_no_tensors() -> None:
    assert read_weights("none") == ({}, None, None)


@pytest.mark.parametrize("size", [224, 128])
@pytest.mark.parametrize(("source", "tensors"), list(zip(WHEELS, [294, 384, 384], strict=True)))
def test_a_wheel_equals_its_own_architecture(source: str, tensors: int, size: int) -> None:
    wheel = WHEELS[source]
    body = build_backbone(wheel.backbone, image_size=(size, size)).body.eval()
    found = load_weights(body, read_weights(source, backbone=wheel.backbone).tensors)
    assert found.loaded == tensors  # all of the file but the classifier's weight and bias
    name = source.removeprefix("wheel:").replace("_", "-")
    theirs = EfficientNet.from_name(name, image_size=size).eval()  # which their padding is made for
    theirs.load_state_dict(torch.load(wheel.file(), weights_only=True))
    images = torch.randn(2, 3, size, size)
    with torch.no_grad():
        assert torch.equal(body.forward_features(images), theirs.extract_features(images))  # type: ignore[operator]


@pytest.mark.parametrize("source", WHEELS)
def test_a_wheel_says_how_images_are_normalised(source: str) -> None:
    weights = read_weights(source)
    assert weights.mean == pytest.approx((127 / 255,) * 3)
    assert weights.std == pytest.approx((128 / 255,) * 3)


@pytest.mark.parametrize("source", WHEELS)
def test_a_wheel_fits_one_backbone(source: str) -> None:
    with pytest.raises(ReseenError, match=f"{source} fits the backbone '{WHEELS[source].backbone}' only, got 'resnet"):
        read_weights(source, backbone="resnet50")


@pytest.mark.parametrize("source", WHEELS)
def test_a_wheel_that_is_not_installed_is_one_line_that_says_how(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    wheel = WHEELS[source]
    monkeypatch.setitem(sys.modules, wheel.package, None)
    wanted = rf"pip install 'reseen\[{wheel.extra}\]'$" if wheel.extra else f"pip install {wheel.package}$"
    with pytest.raises(ReseenError, match=wanted):
        read_weights(source)


def test_a_wheel_that_holds_another_network_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A package of the same name, made here, whose file holds two tensors."""
    source, wheel = next((source, wheel) for source, wheel in WHEELS.items() if wheel.extra)
    torch.save(TENSORS, tmp_path / "weights.pth")
    path = staticmethod(lambda: str(tmp_path / "weights.pth"))
    made = SimpleNamespace(**{wheel.reader: type(wheel.reader, (), {"get_model_file_path": path})})
    monkeypatch.setitem(sys.modules, wheel.package, made)
    with pytest.raises(ReseenError, match=f"{source}: the installed timm builds another '{wheel.backbone}'"):
        read_weights(source)


def test_timm_weights_need_a_name_and_a_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ValueError, match="backbone's name"):
        read_weights("timm")
    with pytest.raises(ReseenError, match="cannot fetch the weights of 'test_resnet'"):
        read_weights("timm", backbone="test_resnet", image_size=(64, 64))


def test_timm_weights_come_with_their_normalisation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """timm reads a local file in place of the hub; the rest of the way is the one it takes online."""
    import timm

    donor = timm.create_model("test_resnet")
    save_file(donor.state_dict(), tmp_path / "model.safetensors")
    real = timm.create_model

    def from_file(name: str, **settings: object) -> object:
        return real(name, **settings, pretrained_cfg_overlay={"file": str(tmp_path / "model.safetensors")})

    monkeypatch.setattr(timm, "create_model", from_file)
    weights = read_weights("timm", backbone="test_resnet", image_size=(64, 64))
    assert torch.equal(weights.tensors["conv1.0.weight"], donor.state_dict()["conv1.0.weight"])
    assert not any(name.startswith("fc.") for name in weights.tensors)
    assert weights.mean == donor.pretrained_cfg["mean"]
    assert weights.std == donor.pretrained_cfg["std"]
