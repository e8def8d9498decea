"""A checkpoint laid out as MBR's release, computed as its public code computes, against the imported model."""

import pytest
import torch
from torch import Tensor, nn

import reseen
from reseen.backbones.ibn import InstanceBatchNorm
from reseen.errors import ReseenError
from reseen.models import load_weights
from reseen.models.releases.mbr import mbr_release
from reseen.tasks.reid.build_model import build_model
from reseen.tasks.reid.releases import import_weights

SIZE = (64, 64)
"""Whose map after three stages is 4 x 4."""


class Attention(nn.Module):
    """The direct form: all energies, position term on the keys' side, rows called width."""

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Conv2d(channels, channels, 1) for _ in range(3))
        self.rel_h = nn.Parameter(torch.randn(1, 4, channels // 4, 1, side))
        self.rel_w = nn.Parameter(torch.randn(1, 4, channels // 4, side, 1))

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (conv(x).unflatten(1, (4, -1)).flatten(3) for conv in (self.query, self.key, self.value))
        place = (self.rel_h + self.rel_w).flatten(3)[0]
        energy = torch.einsum("badi,badj->baij", q, k) + torch.einsum("adi,badj->baij", place, q)
        return torch.einsum("badj,baij->badi", v, energy.softmax(-1)).flatten(1, 2).unflatten(2, x.shape[2:])


class Block(nn.Module):
    """A bottleneck of the release; ``shortcut`` is what its self-attention blocks call ``downsample``."""

    def __init__(self, channels: int, width: int, *, stride: int = 1, ibn: bool = False, side: int = 0) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 1, bias=False)
        self.bn1 = InstanceBatchNorm(width) if ibn else nn.BatchNorm2d(width)
        plain = nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False)
        self.conv2 = nn.Sequential(Attention(width, side)) if side else plain
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.way = "shortcut" if side else "downsample"
        if stride > 1 or channels != 4 * width:
            conv = nn.Conv2d(channels, 4 * width, 1, stride=stride, bias=bool(side))
            self.add_module(self.way, nn.Sequential(conv, nn.BatchNorm2d(4 * width)))

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn1(self.conv1(x)).relu()
        out = self.bn3(self.conv3(self.bn2(self.conv2(out)).relu()))
        return (out + (getattr(self, self.way)(x) if hasattr(self, self.way) else x)).relu()


def stage(channels: int, width: int, count: int, **first: int) -> nn.Sequential:
    ibn, side = width < 512, first.pop("side", 0)
    blocks = [Block(channels, width, ibn=ibn, side=side, **first)]
    blocks += [Block(4 * width, width, ibn=ibn, side=side) for _ in range(count - 1)]
    return nn.Sequential(*blocks)


class Release(nn.Module):
    """The public model's tree of modules."""

    def __init__(self, *, identities: int, rows: int) -> None:
        super().__init__()
        self.modelup2L3, self.modelL4, self.finalblock = nn.Module(), nn.Module(), nn.Module()
        self.modelup2L3.model = nn.Sequential(
            nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, padding=1),
            stage(64, 64, 3),
            stage(256, 128, 4, stride=2),
            stage(512, 256, 6, stride=2),
        )
        self.modelL4.model = nn.ModuleList(
            [stage(1024, 512, 3, stride=2) for _ in range(2)] + [stage(1024, 512, 3, side=4) for _ in range(2)]
        )
        self.finalblock.finalblocks = nn.ModuleList()
        for number in range(4):
            norm = nn.BatchNorm1d(2048)
            if number % 2 == 0:
                block = nn.Module()
                block.add_block = nn.Sequential(norm)
                block.classifier = nn.Sequential(nn.Linear(2048, identities, bias=False))
                self.finalblock.finalblocks.append(block)
            else:
                self.finalblock.finalblocks.append(norm)
        self.finalblock.LAI = nn.Parameter(torch.randn(4, rows, 2048))

    def forward(self, images: Tensor, camera: int, view: int) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        maps = self.modelup2L3.model(images)
        pooled, necked, logits = [], [], []
        for number, branch in enumerate(self.modelL4.model):
            pooled.append(branch(maps).mean(dim=(2, 3)) + self.finalblock.LAI[number, camera * 8 + view])
            final = self.finalblock.finalblocks[number]
            necked.append(final(pooled[-1]) if number % 2 else final.add_block(pooled[-1]))
            if number % 2 == 0:
                logits.append(final.classifier(necked[-1]))
        return pooled, necked, logits


@pytest.fixture(scope="module")
def release() -> Release:
    torch.manual_seed(0)
    model = Release(identities=7, rows=160)
    for part in model.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            part.running_mean.uniform_(-0.2, 0.2)
            part.running_var.uniform_(0.8, 1.2)
    return model.eval()


def test_the_imported_model_computes_what_the_release_does(release: Release) -> None:
    released = mbr_release(release.state_dict(), with_head=True)
    assert (released.model["name"], released.num_identities, released.image_size) == ("mbr_4b", 7, SIZE)
    model = build_model("mbr_4b", num_identities=7, image_size=SIZE, cameras=20, views=8)
    load_weights(model, released.tensors)
    images = torch.randn(2, 3, *SIZE)
    with torch.no_grad():
        pooled, necked, logits = release(images, camera=13, view=5)
        output = model.eval()(images, torch.tensor([13, 13]), torch.tensor([5, 5]))
    for ours, theirs in zip((*output.pooled, *output.necked, *output.logits), (*pooled, *necked, *logits), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)
    unit = [vector / vector.norm(dim=1, keepdim=True) for vector in necked]
    torch.testing.assert_close(output.embedding, torch.cat(unit, dim=1), rtol=1e-4, atol=1e-5)


def test_without_the_head_the_classifiers_are_left_out(release: Release) -> None:
    released = mbr_release(release.state_dict(), with_head=False)
    assert released.num_identities is None
    model = build_model("mbr_4b", num_identities=None, image_size=SIZE, cameras=20, views=8)
    assert load_weights(model, released.tensors).missing == ()


def test_unknown_metadata_is_zero(release: Release) -> None:
    table = mbr_release(release.state_dict(), with_head=True).tensors["metadata.table"]
    assert not table[:, 20].any()
    assert not table[:, :, 8].any()
    assert torch.equal(table[2, 13, 5], release.finalblock.LAI[2, 13 * 8 + 5])


def test_other_checkpoints_are_refused_by_name(release: Release) -> None:
    tensors = release.state_dict()
    with pytest.raises(
        ReseenError, match=r"no released MBR checkpoint: unknown names a, b, c, and 1 more \(4 in all\)"
    ):
        mbr_release({**tensors, **dict.fromkeys("abcd", torch.zeros(1))}, with_head=True)
    with pytest.raises(ReseenError, match=r"20 cameras x 8 views of VeRi-776 = 160 rows, got 8"):
        mbr_release({**tensors, "finalblock.LAI": torch.zeros(4, 8, 2048)}, with_head=True)
    fewer = {name: tensor for name, tensor in tensors.items() if "4.model.3" not in name and "blocks.3" not in name}
    with pytest.raises(ReseenError, match=r"expected those of mbr_4b, got bottleneck \(classify\), bottleneck"):
        mbr_release(fewer, with_head=True)


def test_the_command_writes_a_file_that_loads_with_its_metadata(release: Release, tmp_path) -> None:
    wrapped = {f"module.{name}": tensor for name, tensor in release.state_dict().items()}
    torch.save({"state_dict": wrapped}, tmp_path / "release.pt")
    import_weights("mbr-release", tmp_path / "release.pt", tmp_path / "ours.safetensors")
    model = reseen.load_model(tmp_path / "ours.safetensors")
    assert model.backbone.image_size == SIZE
    assert (model.metadata.camera_names[13], model.metadata.view_names[5]) == ("014", "5")
    images = torch.randn(2, 3, *SIZE)
    with torch.no_grad():
        _, necked, _ = release(images, camera=13, view=5)
        embedding = model(images, torch.tensor([13, 13]), torch.tensor([5, 5])).embedding
    unit = [vector / vector.norm(dim=1, keepdim=True) for vector in necked]
    torch.testing.assert_close(embedding, torch.cat(unit, dim=1), rtol=1e-4, atol=1e-5)


def test_the_command_drops_the_head_only_when_asked(release: Release, tmp_path) -> None:
    torch.save(release.state_dict(), tmp_path / "release.pt")
    out = tmp_path / "ours.safetensors"
    with pytest.raises(ReseenError, match=r"its head knows 7 identities, expected 575: import it without the head"):
        import_weights("mbr-release", tmp_path / "release.pt", out, num_identities=575)
    import_weights("mbr-release", tmp_path / "release.pt", out, with_head=False)
    assert reseen.load_model(out)(torch.randn(1, 3, *SIZE)).logits == ()
