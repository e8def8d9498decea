"""The parts of OSNet: convolution with norm, light convolution, the gate that four streams share, the residual block.

Zhou et al., "Omni-Scale Feature Learning for Person Re-Identification", ICCV 2019; instance norm as in "Learning
Generalisable Omni-Scale Representations for Person Re-Identification", TPAMI 2021.
B = batch, C = channels, H, W = positions.
"""

from typing import Literal, TypeAlias

from torch import Tensor, nn

STREAMS = 4
"""The scales of a block: its streams are one to four 3 x 3 convolutions deep."""
BOTTLENECK = 4
"""How many times narrower than its output a block's streams are."""
GATE_REDUCTION = 16

Instance: TypeAlias = Literal["none", "branch", "sum"]
"""Where a block has an instance norm: nowhere, in place of the batch norm of its last convolution, or on its sum."""


class ConvNorm(nn.Module):
    """A convolution without bias, its norm and, where it has one, a ReLU."""

    def __init__(
        self,
        channels: int,
        width: int,
        *,
        kernel: int = 1,
        stride: int = 1,
        groups: int = 1,
        instance: bool = False,
        relu: bool = True,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, width, kernel, stride=stride, padding=kernel // 2, groups=groups, bias=False)
        self.norm = nn.InstanceNorm2d(width, affine=True) if instance else nn.BatchNorm2d(width)
        self.act = nn.ReLU(inplace=True) if relu else nn.Identity()

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C', H', W')."""
        out: Tensor = self.act(self.norm(self.conv(maps)))
        return out


class LightConv(nn.Module):
    """A 1 x 1 convolution, a 3 x 3 convolution of each channel by itself, batch norm, ReLU."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.pointwise = nn.Conv2d(width, width, 1, bias=False)
        self.depthwise = nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.act = nn.ReLU(inplace=True)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        out: Tensor = self.act(self.norm(self.depthwise(self.pointwise(maps))))
        return out


class ChannelGate(nn.Module):
    """Weights of a map's channels in (0, 1), from their means; one gate serves all streams of a block."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(width, width // GATE_REDUCTION, 1)
        self.excite = nn.Conv2d(width // GATE_REDUCTION, width, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, 1, 1)."""
        means = maps.mean(dim=(2, 3), keepdim=True)
        weights: Tensor = self.excite(self.squeeze(means).relu()).sigmoid()
        return weights


class OmniScaleBlock(nn.Module):
    """A bottleneck whose middle is four streams of different depth, gated and summed."""

    def __init__(self, channels: int, width: int, *, instance: Instance = "none") -> None:
        super().__init__()
        middle = width // BOTTLENECK
        self.reduce = ConvNorm(channels, middle)
        self.streams = nn.ModuleList(
            nn.Sequential(*(LightConv(middle) for _ in range(depth))) for depth in range(1, STREAMS + 1)
        )
        self.gate = ChannelGate(middle)
        self.expand = ConvNorm(middle, width, instance=instance == "branch", relu=False)
        self.shortcut = ConvNorm(channels, width, relu=False) if channels != width else nn.Identity()
        self.norm = nn.InstanceNorm2d(width, affine=True) if instance == "sum" else nn.Identity()
        self.act = nn.ReLU(inplace=True)

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C', H, W)."""
        out: Tensor = self.act(self.norm(self.expand(self._scales(self.reduce(maps))) + self.shortcut(maps)))
        return out

    def _scales(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> the sum of the gated streams."""
        first, *others = (stream(maps) for stream in self.streams)
        total: Tensor = first * self.gate(first)
        for scale in others:
            total = total.addcmul(scale, self.gate(scale))
        return total
