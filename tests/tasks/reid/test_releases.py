"""Released RGA checkpoints: a network with the released names and axes goes in, ours gives the same answers."""

from functools import lru_cache
from pathlib import Path

import pytest
import timm
import torch
from torch import Tensor, nn

import reseen
from reseen.engine.checkpoint import load_card
from reseen.errors import ReseenError
from reseen.tasks.reid.releases import RELEASES, import_weights

SIZE = (128, 128)
"""Of images; small, but with enough positions for the reductions."""


def block(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]


class ReleasedAttention(nn.Module):
    """The modules of one `rga_att`, by the released names, and the paper's computation, affinity and all."""

    def __init__(self, channels: int, positions: int, halves: tuple[str, ...]) -> None:
        super().__init__()
        self.halves = halves
        for half in halves:
            features, nodes = (channels, positions) if half == "spatial" else (positions, channels)
            gate = (1 + nodes // 8) // 8
            for part in ("theta", "phi", "gx"):
                self.add_module(f"{part}_{half}", nn.Sequential(*block(features, features // 8)))
            self.add_module(f"gg_{half}", nn.Sequential(*block(2 * nodes, nodes // 8)))
            last = [nn.Conv2d(gate, 1, 1, bias=False), nn.BatchNorm2d(1)]
            self.add_module(f"W_{half}", nn.Sequential(*block(1 + nodes // 8, gate), *last))

    def forward(self, maps: Tensor) -> Tensor:
        for half in self.halves:
            flat = maps.flatten(2) if half == "spatial" else maps.flatten(2).transpose(1, 2)
            nodes = flat[..., None]  # (B, F, M, 1)
            theta, phi, own = (self.get_submodule(f"{part}_{half}")(nodes)[..., 0] for part in ("theta", "phi", "gx"))
            rows = theta.transpose(1, 2) @ phi  # r(i, j), i down
            stacked = torch.cat([rows.transpose(1, 2), rows], dim=1)[..., None]
            relations = self.get_submodule(f"gg_{half}")(stacked)
            joined = torch.cat([own.mean(1, keepdim=True)[..., None], relations], dim=1)
            gates = self.get_submodule(f"W_{half}")(joined).sigmoid()[:, 0, :, 0]
            maps = maps * (gates.reshape(-1, 1, *maps.shape[2:]) if half == "spatial" else gates[..., None, None])
        return maps


class ReleasedNetwork(nn.Module):
    """backbone, feat_bn and cls as released: (B, 3, H, W) -> the feature after feat_bn, (B, 2048)."""

    def __init__(self, halves: tuple[str, ...], identities: int) -> None:
        super().__init__()
        self.backbone = timm.create_model("resnet50", num_classes=0, output_stride=32)
        self.backbone.layer4[0].conv2.stride = (1, 1)
        self.backbone.layer4[0].downsample[0].stride = (1, 1)
        for stage, (channels, stride) in enumerate(((256, 4), (512, 8), (1024, 16), (2048, 16)), start=1):
            positions = (SIZE[0] // stride) * (SIZE[1] // stride)
            self.backbone.add_module(f"rga_att{stage}", ReleasedAttention(channels, positions, halves))
        self.feat_bn = nn.BatchNorm1d(2048)
        self.cls = nn.Linear(2048, identities, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        body = self.backbone
        maps = body.maxpool(body.act1(body.bn1(body.conv1(images))))
        for stage in range(1, 5):
            maps = body.get_submodule(f"rga_att{stage}")(body.get_submodule(f"layer{stage}")(maps))
        return self.feat_bn(maps.mean(dim=(2, 3)))


HALVES = {"rga_s": ("spatial",), "rga_c": ("channel",), "rga_sc": ("spatial", "channel")}


@lru_cache(maxsize=1)
def released(model: str = "rga_s", identities: int = 7) -> ReleasedNetwork:
    network = ReleasedNetwork(HALVES[model], identities)
    for norm in network.modules():
        if isinstance(norm, nn.BatchNorm2d | nn.BatchNorm1d):
            nn.init.uniform_(norm.running_var, 0.5, 1.5)
            nn.init.normal_(norm.running_mean, std=0.1)
    return network.eval()


def saved(path: Path, tensors: dict[str, Tensor], *, wrap: bool = False, module: bool = False) -> Path:
    named = {f"module.{name}" if module else name: tensor for name, tensor in tensors.items()}
    torch.save({"state_dict": named, "epoch": 600} if wrap else named, path)
    return path


@pytest.mark.parametrize("model", HALVES)
def test_the_imported_network_gives_the_released_ones_embedding(tmp_path, model):
    network = released(model)
    source = saved(tmp_path / "in.pth.tar", network.state_dict(), wrap=True, module=True)
    report = import_weights("rga-release", source, tmp_path / "out.safetensors", image_size=SIZE)
    ours = reseen.load_model(tmp_path / "out.safetensors")
    images = torch.rand(2, 3, *SIZE)
    with torch.no_grad():
        output = ours(images)
        torch.testing.assert_close(output.embedding, network(images), rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(output.logits[0], network.cls(network(images)), rtol=1e-4, atol=1e-4)
    assert (report.model["name"], report.num_identities) == (model, 7)
    fed = load_card(tmp_path / "out.safetensors").recipe["data"]
    assert (fed["mean"], fed["std"]) == ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]), "as the release feeds it"


@pytest.mark.parametrize("wrap", [True, False])
@pytest.mark.parametrize("module", [True, False])
def test_a_release_is_imported_plain_or_wrapped_with_or_without_prefix(tmp_path, wrap, module):
    tensors = released().state_dict()
    source = saved(tmp_path / "in.pth", tensors, wrap=wrap, module=module)
    import_weights("rga-release", source, tmp_path / "out.safetensors", image_size=SIZE)
    body = reseen.load_model(tmp_path / "out.safetensors").backbone.body
    assert torch.equal(body.layer3[1].conv2.weight, tensors["backbone.layer3.1.conv2.weight"])


def test_checkpoints_of_torch_0_4_have_no_batch_counters(tmp_path):
    tensors = {name: tensor for name, tensor in released().state_dict().items() if "num_batches" not in name}
    import_weights("rga-release", saved(tmp_path / "in.pth", tensors), tmp_path / "out.safetensors", image_size=SIZE)
    assert reseen.load_model(tmp_path / "out.safetensors").backbone.body.bn1.num_batches_tracked == 0


@pytest.mark.parametrize(
    ("absent", "message"),
    [
        ("backbone.rga_att3.gg_spatial.0.weight", r"rga_att3\.gg_spatial\.0\.weight is missing"),
        ("backbone.layer2.0.conv1.weight", r"1 missing \(backbone\.body\.layer2\.0\.conv1\.weight"),
        ("feat_bn.running_mean", r"missing \(neck\.norm\.running_mean"),
        ("cls.weight", r"no head \(cls\.weight\): import it without the head"),
    ],
)
def test_nothing_is_missing_in_silence(tmp_path, absent, message):
    tensors = {name: tensor for name, tensor in released().state_dict().items() if name != absent}
    with pytest.raises(ReseenError, match=message):
        import_weights(
            "rga-release", saved(tmp_path / "in.pth", tensors), tmp_path / "out.safetensors", image_size=SIZE
        )
    assert not (tmp_path / "out.safetensors").exists()


def test_names_that_are_no_releases_are_refused(tmp_path):
    source = saved(tmp_path / "in.pth", {**released().state_dict(), "cats.weight": torch.zeros(1)})
    with pytest.raises(ReseenError, match=r"1 names unknown to it \(cats\.weight\)"):
        import_weights("rga-release", source, tmp_path / "out.safetensors", image_size=SIZE)
    plain = saved(tmp_path / "plain.pth", timm.create_model("resnet18").state_dict())
    with pytest.raises(ReseenError, match="no released RGA checkpoint"):
        import_weights("rga-release", plain, tmp_path / "out.safetensors")


def test_another_head_is_imported_only_without_it(tmp_path):
    source, out = saved(tmp_path / "in.pth", released().state_dict()), tmp_path / "out.safetensors"
    with pytest.raises(ReseenError, match="its head knows 7 identities, expected 9: import it without the head"):
        import_weights("rga-release", source, out, image_size=SIZE, num_identities=9)
    report = import_weights("rga-release", source, out, image_size=SIZE, num_identities=9, with_head=False)
    assert report.num_identities is None
    assert reseen.load_model(out)(torch.rand(1, 3, *SIZE)).logits == ()


def test_another_image_size_is_refused_with_shapes(tmp_path):
    source = saved(tmp_path / "in.pth", released().state_dict())
    with pytest.raises(
        ReseenError, match=r"of another shape .*relate\.weight: expected \(256, 4096\), got \(128, 2048\)"
    ):
        import_weights("rga-release", source, tmp_path / "out.safetensors")


def test_an_unknown_release_names_the_nearest(tmp_path):
    with pytest.raises(ReseenError, match="no release 'rga-releas'; did you mean 'rga-release'"):
        import_weights("rga-releas", tmp_path / "in.pth", tmp_path / "out.safetensors")
    assert "rga-release" in RELEASES
