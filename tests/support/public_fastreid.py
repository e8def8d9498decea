"""FastReID's BoT and SBS as their authors lay them out, written from their description, for tests of importers."""

import timm
import torch
from torch import Tensor, nn

from reseen.backbones.ibn import put_ibn_a

IDENTITIES = 5


class NonLocal(nn.Module):
    """As coded there: one channel inside, no softmax."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.g, self.theta, self.phi = (nn.Conv2d(channels, 1, 1) for _ in range(3))
        self.W = nn.Sequential(nn.Conv2d(1, channels, 1), nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        g, theta, phi = (layer(x).flatten(1) for layer in (self.g, self.theta, self.phi))
        count = g.shape[1]
        z = torch.stack(
            [
                torch.stack([(t[i] * p / count * v).sum() for i in range(count)])
                for t, p, v in zip(theta, phi, g, strict=True)
            ]
        )
        return self.W(z.unflatten(1, x.shape[2:])[:, None]) + x


class Body(nn.Module):
    """ResNet-50-IBN-a, last stride 1, with or without non-local blocks."""

    def __init__(self, *, ceil: bool, non_local: bool) -> None:
        super().__init__()
        body = timm.create_model("resnet50", num_classes=0)
        put_ibn_a(body)
        body.layer4[0].conv2.stride = body.layer4[0].downsample[0].stride = (1, 1)
        for name in ("conv1", "bn1", "layer1", "layer2", "layer3", "layer4"):
            self.add_module(name, getattr(body, name))
        self.pool = nn.MaxPool2d(3, 2, ceil_mode=True) if ceil else nn.MaxPool2d(3, 2, padding=1)
        if non_local:
            self.NL_2 = nn.ModuleList(NonLocal(512) for _ in range(2))
            self.NL_3 = nn.ModuleList(NonLocal(1024) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer1(self.pool(self.bn1(self.conv1(x)).relu()))
        for name, after in (("layer2", "NL_2"), ("layer3", "NL_3"), ("layer4", "")):
            blocks, more = list(getattr(self, name)), list(getattr(self, after, []) if after else [])
            for number, block in enumerate(blocks):
                x = block(x)
                left = len(blocks) - number
                x = more[len(more) - left](x) if left <= len(more) else x
        return x


class Public(nn.Module):
    """The backbone, GeM or average, and the norm whose output is compared."""

    def __init__(self, *, ceil: bool, strong: bool) -> None:
        super().__init__()
        self.backbone = Body(ceil=ceil, non_local=strong)
        self.p = nn.Parameter(torch.tensor([2.5])) if strong else None
        self.neck = nn.BatchNorm1d(2048)
        self.classifier = nn.Linear(2048, IDENTITIES, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        maps = self.backbone(x)
        pooled = (
            maps.mean(dim=(2, 3)) if self.p is None else maps.clamp(min=1e-6).pow(self.p).mean((2, 3)) ** (1 / self.p)
        )
        return self.neck(pooled)

    def saved(self, generation: str) -> dict[str, Tensor]:
        """The tensors by the names of v0.1.1, v1.0 or v1.2."""
        neck = "heads.bnneck." if generation == "0.1.1" else "heads.bottleneck.0."
        classifier = "heads.weight" if generation == "1.2" else "heads.classifier.weight"
        tensors = {f"backbone.{name}": tensor for name, tensor in self.backbone.state_dict().items()}
        tensors |= {neck + name: tensor for name, tensor in self.neck.state_dict().items()}
        tensors |= {} if self.p is None else {"heads.pool_layer.p": self.p.detach()}
        return {**tensors, classifier: self.classifier.weight.detach()}


def public(*, ceil: bool, strong: bool) -> Public:
    torch.manual_seed(0)
    network = Public(ceil=ceil, strong=strong)
    for part in network.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.uniform_(part.running_var, 0.5, 1.5)
            nn.init.normal_(part.running_mean, std=0.1)
    return network.eval()
