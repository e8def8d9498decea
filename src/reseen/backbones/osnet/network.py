"""OSNet: a stem, three stages of two omni-scale blocks each, and a last 1 x 1 convolution.

B = batch, C = channels, H, W = height and width in pixels.
"""

from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from torch import Tensor, nn

from reseen.backbones.osnet.attention import SpatialAttention
from reseen.backbones.osnet.blocks import ConvNorm, Instance, OmniScaleBlock

ATTENDED = (0, 1)
"""The stages after whose blocks the vehicle networks have attention."""


class Kind(NamedTuple):
    """Where a kind of OSNet has instance norms: in its stem, and in the two blocks of each stage."""

    stem: bool
    blocks: Sequence[tuple[Instance, Instance]]


KINDS = {
    "": Kind(stem=False, blocks=[("none", "none")] * 3),
    "ibn": Kind(stem=True, blocks=[("sum", "sum"), ("none", "none"), ("none", "none")]),
    "ain": Kind(stem=True, blocks=[("branch", "branch"), ("none", "branch"), ("branch", "none")]),
}
WIDTHS = {
    "x1_0": (64, 256, 384, 512),
    "x0_75": (48, 192, 288, 384),
    "x0_5": (32, 128, 192, 256),
    "x0_25": (16, 64, 96, 128),
}
"""Of the stem and of each stage."""
NAMES = tuple("_".join(filter(None, ("osnet", kind, width))) for kind in KINDS for width in WIDTHS)
"""osnet_x1_0, osnet_ibn_x1_0, osnet_ain_x0_25, ..."""


class OSNet(nn.Module):
    """The body of an OSNet, from images to maps 16 times smaller.

    Args:
        name: One of `NAMES`.
        input_norm: Whether each image is normalised first, by instance and channel.
        attention_reduction: How many times fewer channels the spatial attention has in its middle that follows the
            blocks of the first stage and of the second; None for none.
    """

    def __init__(self, name: str, *, input_norm: bool = False, attention_reduction: int | None = None) -> None:
        super().__init__()
        kind, widths = kind_and_widths(name)
        self.input_norm = nn.InstanceNorm2d(3, affine=True) if input_norm else nn.Identity()
        self.stem = ConvNorm(3, widths[0], kernel=7, stride=2, instance=kind.stem)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        stages = [
            _stage(pair, instances=instances, reduction=attention_reduction if number in ATTENDED else None)
            for number, (pair, instances) in enumerate(zip(pairwise(widths), kind.blocks, strict=True))
        ]
        for stage, width in zip(stages[:2], widths[1:], strict=False):
            stage.add_module("transition", nn.Sequential(ConvNorm(width, width), nn.AvgPool2d(2)))
        self.stage1, self.stage2, self.stage3 = stages
        self.last = ConvNorm(widths[-1], widths[-1])
        self.feature_info = [{"module": f"stage{number}"} for number in (1, 2, 3)]
        _draw(self)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, C, H / 16, W / 16)."""
        maps = self.pool(self.stem(self.input_norm(images)))
        out: Tensor = self.last(self.stage3(self.stage2(self.stage1(maps))))
        return out


def kind_and_widths(name: str) -> tuple[Kind, tuple[int, ...]]:
    """What one of `NAMES` stands for."""
    number = NAMES.index(name)
    return list(KINDS.values())[number // len(WIDTHS)], list(WIDTHS.values())[number % len(WIDTHS)]


def _stage(widths: tuple[int, int], *, instances: tuple[Instance, Instance], reduction: int | None) -> nn.Sequential:
    """Two blocks from one width to another and, where it is reduced, an attention."""
    (channels, width), (first, second) = widths, instances
    parts: OrderedDict[str, nn.Module] = OrderedDict(
        block1=OmniScaleBlock(channels, width, instance=first),
        block2=OmniScaleBlock(width, width, instance=second),
    )
    if reduction is not None:
        parts["spatial"] = SpatialAttention(width, width // reduction)
    return nn.Sequential(parts)


def _draw(network: nn.Module) -> None:
    """Random weights to begin with: He et al. (2015), by the fan out."""
    for part in network.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")
            if part.bias is not None:
                nn.init.zeros_(part.bias)
