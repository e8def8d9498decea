"""FastReID's MGN: its tree of modules, written from its description, against the imported network."""

from copy import deepcopy

import timm
import torch
from torch import Tensor, nn

import reseen
from reseen.tasks.reid.releases import import_weights

SIZE = (96, 32)
PARTS = ("b1", "b2", "b3", "b21", "b22", "b31", "b32", "b33")


class Head(nn.Module):
    """GeM, a convolution to 256 and the norm that is its neck, as v1.0 names them."""

    def __init__(self) -> None:
        super().__init__()
        self.pool_layer = nn.Module()
        self.pool_layer.p = nn.Parameter(torch.tensor([2.0]) + torch.rand(1))
        self.bottleneck = nn.Sequential(nn.Conv2d(2048, 256, 1, bias=False), nn.BatchNorm2d(256))
        self.classifier = nn.Linear(256, 4, bias=False)

    def forward(self, maps: Tensor) -> Tensor:
        p = self.pool_layer.p
        pooled = maps.clamp(min=1e-6).pow(p).mean(dim=(2, 3), keepdim=True) ** (1 / p)
        return self.bottleneck(pooled)[..., 0, 0]


class Public(nn.Module):
    """The modules by the release's names."""

    def __init__(self) -> None:
        super().__init__()
        body = timm.create_model("resnet50", num_classes=0)
        body.layer4[0].conv2.stride = body.layer4[0].downsample[0].stride = (1, 1)
        pool = nn.MaxPool2d(3, 2, ceil_mode=True)
        first, *rest = body.layer3
        self.backbone = nn.Sequential(body.conv1, body.bn1, nn.ReLU(), pool, body.layer1, body.layer2, first)
        branch = nn.Sequential(nn.Sequential(*rest), body.layer4)
        self.b1, self.b2, self.b3 = (deepcopy(branch) for _ in range(3))
        for name in PARTS:
            self.add_module(f"{name}_head", Head())

    def forward(self, images: Tensor) -> Tensor:
        trunk = self.backbone(images)
        whole = [branch(trunk) for branch in (self.b1, self.b2, self.b3)]
        maps = [*whole, *whole[1].chunk(2, dim=2), *whole[2].chunk(3, dim=2)]
        return torch.cat([getattr(self, f"{name}_head")(one) for name, one in zip(PARTS, maps, strict=True)], dim=1)


def test_the_imported_network_gives_the_eight_necked_parts_in_order(tmp_path):
    torch.manual_seed(0)
    network = Public()
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.uniform_(part.running_var, 0.5, 1.5)
            nn.init.normal_(part.running_mean, std=0.1)
    network.eval()
    torch.save({"model": network.state_dict()}, tmp_path / "in.pth")
    import_weights("fastreid", tmp_path / "in.pth", tmp_path / "out.safetensors", image_size=SIZE)
    images = torch.rand(2, 3, *SIZE)
    with torch.no_grad():
        ours, theirs = reseen.load_model(tmp_path / "out.safetensors")(images).embedding, network(images)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)
