"""Checkpoints laid out as torchreid's, computed as its networks are described, against the imported models."""

from pathlib import Path

import pytest
import torch
from timm.models.resnet import Bottleneck, ResNet
from torch import nn

import reseen
from public_osnet import PublicOSNet, trained
from reseen.backbones import build_backbone
from reseen.errors import ReseenError
from reseen.models.heads import HEADS
from reseen.models.releases import look_like
from reseen.models.releases.torchreid import torchreid_release
from reseen.tasks.reid.build import build_embedder
from reseen.tasks.reid.recipe import read_recipe
from reseen.tasks.reid.releases import import_weights

SIZE = (64, 32)
PARAMETERS = {"osnet_x1_0": 2_169_508, "osnet_x0_75": 1_285_754, "osnet_x0_5": 630_034, "osnet_x0_25": 201_864}
"""Without classifier, as the authors' networks have them; the gate that streams share counts once."""


def public(kind: str, **settings: object) -> PublicOSNet:
    torch.manual_seed(0)
    return trained(PublicOSNet(kind, **settings))


def imported(tensors: object, folder: Path, **settings: object) -> nn.Module:
    torch.save(tensors, folder / "public.pth")
    import_weights("torchreid", folder / "public.pth", folder / "ours.safetensors", image_size=SIZE, **settings)
    return reseen.load_model(folder / "ours.safetensors")


@pytest.mark.parametrize("kind", ["", "ibn", "ain", "vehicle"])
def test_an_imported_osnet_computes_what_the_public_one_does(kind: str, tmp_path: Path) -> None:
    network = public(kind, features=64)
    model = imported(network.state_dict(), tmp_path)
    images = torch.randn(2, 3, *SIZE)
    with torch.no_grad():
        (feature, logits), output = network(images), model(images)
    torch.testing.assert_close(output.embedding, feature, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(output.logits[0], logits, rtol=1e-4, atol=1e-5)
    assert (output.embedding < 0).any() == (kind == "vehicle")


def test_a_wrapped_file_without_counters_is_the_same_network(tmp_path: Path) -> None:
    tensors = public("").state_dict()
    bare = {f"module.{name}": tensor for name, tensor in tensors.items() if "num_batches" not in name}
    plain, wrapped = (imported(one, tmp_path).state_dict() for one in (tensors, {"state_dict": bare}))
    assert all(torch.equal(plain[name], wrapped[name]) for name in plain)


def test_an_angular_classifier_gives_cosines(tmp_path: Path) -> None:
    tensors = public("vehicle").state_dict()
    weight = tensors.pop("classifier.0.weight")
    del tensors["classifier.0.bias"]
    output = imported({**tensors, "classifier.0.weight": weight.T.contiguous()}, tmp_path)(torch.randn(2, 3, *SIZE))
    cosines = nn.functional.cosine_similarity(output.embedding[:, None], weight[None], dim=2)
    torch.testing.assert_close(output.logits[0], cosines)


def test_without_the_head_only_the_classifier_is_left_out(tmp_path: Path) -> None:
    network = public("")
    model = imported(network.state_dict(), tmp_path, with_head=False)
    images = torch.randn(1, 3, *SIZE)
    output = model(images)
    assert output.logits == ()
    torch.testing.assert_close(output.embedding, network(images)[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("name", "count"), PARAMETERS.items())
def test_parameters_are_those_of_the_authors(name: str, count: int) -> None:
    model = HEADS["fc"](backbone=build_backbone(name, image_size=(32, 32)), num_identities=None)
    assert sum(parameter.numel() for parameter in model.parameters()) == count


def test_faults_of_a_file_are_named() -> None:
    tensors = public("").state_dict()
    foreign = {f"head.{number}": torch.zeros(1) for number in range(5)}
    with pytest.raises(ReseenError, match=r"unknown names head\.0, head\.1, head\.2, and 2 more \(5 in all\)"):
        torchreid_release({**tensors, **foreign}, with_head=True)
    with pytest.raises(ReseenError, match="its head's fc is missing"):
        torchreid_release({name: one for name, one in tensors.items() if not name.startswith("fc.")}, with_head=True)
    with pytest.raises(ReseenError, match="expected PCB or an OSNet of a known width"):
        torchreid_release({"conv1.weight": torch.zeros(64, 3, 7, 7)}, with_head=True)
    assert look_like(tensors) == ["torchreid"]


def test_a_missing_tensor_is_named(tmp_path: Path) -> None:
    tensors = public("").state_dict()
    del tensors["conv3.0.gate.fc1.bias"]
    with pytest.raises(
        ReseenError,
        match=r"1 missing \(backbone\.body\.stage2\.block1\.gate\.squeeze\.bias\)\. .* the file is incomplete",
    ):
        imported(tensors, tmp_path)


def test_a_recipe_starts_from_the_authors_imagenet_file(tmp_path: Path) -> None:
    network = public("")
    torch.save(network.state_dict(), tmp_path / "imagenet.pth")
    lines = [f"model.weights={tmp_path / 'imagenet.pth'}", "data.image_size=[64,32]"]
    model = build_embedder(read_recipe("osnet-x0-25-market1501", overrides=lines), num_identities=3, start_weights=True)
    assert torch.equal(model.backbone.body.last.conv.weight, network.conv5.conv.weight)


class PublicPCB(ResNet):
    """Four stripes on a small ResNet whose last stage keeps its size."""

    def __init__(self) -> None:
        super().__init__(Bottleneck, (2, 2, 2, 2), num_classes=0)
        for part in self.layer4[0].modules():
            if isinstance(part, nn.Conv2d):
                part.stride = (1, 1)
        self.conv5 = nn.Module()
        self.conv5.layers = nn.Sequential(nn.Conv2d(2048, 16, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU())
        self.classifier = nn.ModuleList(nn.Linear(16, 5) for _ in range(4))

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        stripes = nn.functional.adaptive_avg_pool2d(self.forward_features(images), (4, 1))
        reduced = self.conv5.layers(stripes)
        logits = [classifier(reduced[:, :, row, 0]) for row, classifier in enumerate(self.classifier)]
        return nn.functional.normalize(stripes, dim=1).flatten(1), logits


def test_an_imported_pcb_computes_what_the_public_one_does(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network, images = trained(PublicPCB()), torch.randn(2, 3, *SIZE)
    model = imported(network.state_dict(), tmp_path)
    with torch.no_grad():
        (feature, logits), output = network(images), model(images)
    torch.testing.assert_close(output.embedding, feature, rtol=1e-4, atol=1e-5)
    for ours, theirs in zip(output.logits, logits, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)
