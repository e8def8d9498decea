"""A checkpoint laid out as LightMBN's, computed as its network is described, against the imported model."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import reseen
from public_osnet import Block, PublicOSNet, trained
from reseen.backbones import build_backbone
from reseen.errors import ReseenError
from reseen.models.heads import HEADS
from reseen.models.heads.lightmbn import DropTopRows
from reseen.models.releases.lightmbn import lightmbn_release
from reseen.tasks.reid.releases import import_weights

SIZE = (64, 32)


class Neck(nn.Module):
    def __init__(self, channels: int, width: int, *, reduces: bool) -> None:
        super().__init__()
        if reduces:
            self.reduction = nn.Conv2d(channels, width, 1, bias=False)
        self.bn = nn.BatchNorm1d(width)
        self.classifier = nn.Linear(width, 5, bias=False)

    def forward(self, pooled: Tensor) -> tuple[Tensor, Tensor]:
        vector = self.bn((self.reduction(pooled) if hasattr(self, "reduction") else pooled).flatten(1))
        return vector, self.classifier(vector)


class PublicLightMBN(nn.Module):
    def __init__(self, *, channels: int = 128, width: int = 32) -> None:
        super().__init__()
        bodies = [PublicOSNet() for _ in range(3)]
        first = bodies[0]
        self.backone = nn.Sequential(first.conv1, nn.MaxPool2d(3, 2, 1), first.conv2, first.conv3[0])
        self.global_branch, self.partial_branch, self.channel_branch = (
            nn.Sequential(body.conv3[1:], body.conv4, body.conv5) for body in bodies
        )
        self.batch_drop_block = nn.Module()
        self.batch_drop_block.drop_batch_bottleneck = Block(channels, channels)
        for number in range(5):
            self.add_module(f"reduction_{number}", Neck(channels, width, reduces=True))
        self.shared = nn.Sequential(nn.Conv2d(channels // 2, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        self.reduction_ch_0, self.reduction_ch_1 = (Neck(width, width, reduces=False) for _ in range(2))

    def forward(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        maps = self.backone(images)
        overall = self.batch_drop_block.drop_batch_bottleneck(self.global_branch(maps))
        striped, halves = self.partial_branch(maps), self.channel_branch(maps).mean((2, 3), keepdim=True).chunk(2, 1)
        rows = nn.functional.adaptive_avg_pool2d(striped, (2, 1))
        outputs = [
            self.reduction_0(overall.mean((2, 3), keepdim=True)),
            self.reduction_4(overall.amax((2, 3), keepdim=True)),
            self.reduction_1(striped.amax((2, 3), keepdim=True)),
            self.reduction_2(rows[:, :, :1]),
            self.reduction_3(rows[:, :, 1:]),
            self.reduction_ch_0(self.shared(halves[0])),
            self.reduction_ch_1(self.shared(halves[1])),
        ]
        stacked = torch.stack([vector for vector, _ in outputs], dim=2)
        return nn.functional.normalize(stacked, dim=1).flatten(1), [logits for _, logits in outputs]


def public() -> nn.Module:
    torch.manual_seed(0)
    return trained(PublicLightMBN())


def test_the_imported_model_computes_what_the_public_one_does(tmp_path: Path) -> None:
    network, images = public(), torch.randn(2, 3, *SIZE)
    torch.save({"state_dict": network.state_dict()}, tmp_path / "public.pt")
    import_weights("lightmbn", tmp_path / "public.pt", tmp_path / "ours.safetensors", image_size=SIZE)
    model = reseen.load_model(tmp_path / "ours.safetensors")
    with torch.no_grad():
        (feature, logits), output = network(images), model(images)
    torch.testing.assert_close(output.embedding, feature, rtol=1e-4, atol=1e-5)
    for ours, theirs in zip(output.logits, logits, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)
    assert output.compared == (0, 1, 2)


def test_parameters_are_those_of_the_release() -> None:
    model = HEADS["lightmbn"](backbone=build_backbone("osnet_x1_0", image_size=(32, 32)), num_identities=751)
    assert sum(parameter.numel() for parameter in model.parameters()) == 9_152_280


def test_faults_of_a_file_are_named() -> None:
    tensors = public().state_dict()
    with pytest.raises(ReseenError, match=r"unknown names fc\.weight \(1 in all\)"):
        lightmbn_release({**tensors, "fc.weight": torch.zeros(1)}, with_head=True)
    fewer = {name: tensor for name, tensor in tensors.items() if not name.startswith("reduction_ch_1")}
    with pytest.raises(ReseenError, match=r"1 parts are missing \(necks\.6\.norm\.running_mean\)"):
        lightmbn_release(fewer, with_head=True)
    with pytest.raises(ReseenError, match="no LightMBN checkpoint"):
        lightmbn_release({}, with_head=True)


def test_another_backbone_is_refused() -> None:
    with pytest.raises(ReseenError, match="expected an OSNet"):
        HEADS["lightmbn"](backbone=build_backbone("resnet18", image_size=SIZE), num_identities=3)


def test_training_drops_the_rows_of_the_strongest_positions() -> None:
    maps = torch.tensor([1.0, 5.0, 2.0]).reshape(1, 1, 3, 1).expand(2, 4, 3, 2)
    dropped = DropTopRows()(maps)
    assert dropped[0, 0, :, 0].tolist() == [1.0, 0.0, 2.0]
    assert torch.equal(DropTopRows().eval()(maps), maps)
