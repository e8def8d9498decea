"""OSNet as its authors lay it out: their names, their order of steps, written directly, for tests of importers."""

import torch
from torch import Tensor, nn

WIDTHS = {"x1_0": (64, 256, 384, 512), "x0_25": (16, 64, 96, 128)}


class Unit(nn.Module):
    """A convolution, its norm and, unless it is linear, a ReLU."""

    def __init__(self, cin: int, cout: int, size: int = 1, *, stride: int = 1, norm: str = "bn", relu: bool = True):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, size, stride=stride, padding=size // 2, bias=False)
        if norm:
            self.bn = nn.BatchNorm2d(cout) if norm == "bn" else nn.InstanceNorm2d(cout, affine=True)
        self.relu = relu

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        x = self.bn(x) if hasattr(self, "bn") else x
        return x.relu() if self.relu else x


class Light(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 1, bias=False)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False)
        self.bn = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        return self.bn(self.conv2(self.conv1(x))).relu()


class Gate(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(width, width // 16, 1), nn.Conv2d(width // 16, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.fc2(self.fc1(x.mean((2, 3), keepdim=True)).relu()))


class Stream(nn.Module):
    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(Light(width) for _ in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Block(nn.Module):
    """``kind``: plain, sum (an instance norm on the sum), or branch (one in place of the last batch norm)."""

    def __init__(self, cin: int, cout: int, kind: str = "plain", *, numbered: bool = False) -> None:
        super().__init__()
        middle, self.kind = cout // 4, kind
        self.conv1 = Unit(cin, middle)
        if numbered:
            self.conv2 = nn.ModuleList([Stream(middle, depth) for depth in (1, 2, 3, 4)])
        else:
            self.conv2a = Light(middle)
            self.conv2b, self.conv2c, self.conv2d = (
                nn.Sequential(*[Light(middle) for _ in range(n)]) for n in (2, 3, 4)
            )
        self.gate = Gate(middle)
        self.conv3 = Unit(middle, cout, norm="" if kind == "branch" else "bn", relu=False)
        if cin != cout:
            self.downsample = Unit(cin, cout, relu=False)
        if kind != "plain":
            self.IN = nn.InstanceNorm2d(cout, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.conv1(x)
        streams = self.conv2 if hasattr(self, "conv2") else (self.conv2a, self.conv2b, self.conv2c, self.conv2d)
        out = self.conv3(sum(self.gate(stream(inner)) for stream in streams))
        out = self.IN(out) if self.kind == "branch" else out
        out = out + (self.downsample(x) if hasattr(self, "downsample") else x)
        return (self.IN(out) if self.kind == "sum" else out).relu()


class Attention(nn.Module):
    """The vehicle networks', with our assumption of what stands between its convolutions."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        middle = Unit(width, width, 3, relu=False)
        middle.conv = nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False)
        self.spatial_attention = nn.Sequential(
            Unit(channels, width, relu=False),
            nn.Hardswish(),
            middle,
            nn.Hardswish(),
            Unit(width, 1, relu=False),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x * (1 + self.spatial_attention(x))


def transition(width: int) -> nn.Sequential:
    return nn.Sequential(Unit(width, width), nn.AvgPool2d(2))


class PublicOSNet(nn.Module):
    """``kind``: "", ibn, ain, or vehicle: AIN with the fork's norm of images, attentions and numbered head."""

    def __init__(self, kind: str = "", *, width: str = "x0_25", identities: int = 5, features: int = 512) -> None:
        super().__init__()
        stem, *widths = WIDTHS[width]
        ain, self.kind = kind in {"ain", "vehicle"}, kind
        kinds = ["sum"] * 2 + ["plain"] * 4 if kind == "ibn" else ["plain"] * 6
        kinds = ["branch", "branch", "plain", "branch", "branch", "plain"] if ain else kinds
        if kind == "vehicle":
            self.input_IN = nn.InstanceNorm2d(3, affine=True)
        self.conv1 = Unit(3, stem, 7, stride=2, norm="bn" if kind == "" else "in")
        for number, (cin, cout) in enumerate(zip((stem, *widths), widths, strict=False)):
            pair = [Block(cin, cout, kinds[2 * number], numbered=ain)]
            pair.append(Block(cout, cout, kinds[2 * number + 1], numbered=ain))
            ending = [transition(cout)] if number < 2 else []
            self.add_module(f"conv{number + 2}", nn.Sequential(*pair, *([] if ain else ending)))
            if ain and ending:
                self.add_module(f"pool{number + 2}", ending[0])
            if kind == "vehicle" and number < 2:
                self.add_module(f"att{number + 2}", Attention(cout, cout // 8))
        self.conv5 = Unit(widths[-1], widths[-1])
        layer = [nn.Linear(widths[-1], features), nn.BatchNorm1d(features)]
        vehicle = kind == "vehicle"
        self.fc = nn.ModuleList([nn.Sequential(*layer)]) if vehicle else nn.Sequential(*layer, nn.ReLU())
        classifier = nn.Linear(features, identities)
        self.classifier = nn.ModuleList([classifier]) if vehicle else classifier

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The test feature, and the logits."""
        x = self.input_IN(x) if self.kind == "vehicle" else x
        x = nn.functional.max_pool2d(self.conv1(x), 3, 2, 1)
        for number in (2, 3, 4):
            x = getattr(self, f"conv{number}")(x)
            x = getattr(self, f"att{number}", nn.Identity())(x)
            x = getattr(self, f"pool{number}", nn.Identity())(x)
        pooled = self.conv5(x).mean((2, 3))
        fc, classifier = (self.fc[0], self.classifier[0]) if self.kind == "vehicle" else (self.fc, self.classifier)
        feature = fc(pooled)
        return feature, classifier(feature)


def trained(network: nn.Module) -> nn.Module:
    """The network in evaluation mode, its norms drawn as if it had been trained."""
    for part in network.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            part.running_mean.uniform_(-0.2, 0.2)
            part.running_var.uniform_(0.8, 1.2)
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d | nn.InstanceNorm2d):
            nn.init.uniform_(part.weight, 0.8, 1.2)
            nn.init.uniform_(part.bias, -0.2, 0.2)
    return network.eval()
