"""The family of CLIP's ResNet-50: a stem of three convolutions, and average pooling wherever the map is halved.

Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", 2021, section 2.4. The
attention pooling on top of it is a head's (`reseen.models.heads.clip`).
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Literal

from torch import Tensor, nn

from reseen.backbones.backbone import Backbone
from reseen.backbones.clip_names import encoder_of, resnet_tensors
from reseen.backbones.family import Family

NAME = "clip_resnet50"
LAYERS = (3, 4, 6, 3)


class ClipBottleneck(nn.Module):
    """A bottleneck whose convolutions keep the size; with a ``stride``, averages before its last one halve the map."""

    def __init__(self, channels: int, width: int, *, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.act = nn.ReLU(inplace=True)
        self.pool = _average(stride)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.downsample: nn.Module = nn.Identity()
        if stride > 1 or channels != 4 * width:
            conv, norm = nn.Conv2d(channels, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
            self.downsample = nn.Sequential(OrderedDict([("pool", _average(stride)), ("0", conv), ("1", norm)]))

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, 4 * width, H / stride, W / stride)."""
        inner = self.act(self.bn1(self.conv1(maps)))
        inner = self.pool(self.act(self.bn2(self.conv2(inner))))
        out: Tensor = self.act(self.bn3(self.conv3(inner)) + self.downsample(maps))
        return out


class ClipResNet(nn.Module):
    """(B, 3, H, W) -> (B, 2048, H / 16, W / 16) with ``last_stride`` 1, half of that with 2."""

    def __init__(self, *, last_stride: int) -> None:
        super().__init__()
        for number, (inputs, outputs) in enumerate(((3, 32), (32, 32), (32, 64)), start=1):
            stride = 2 if number == 1 else 1
            self.add_module(f"conv{number}", nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False))
            self.add_module(f"bn{number}", nn.BatchNorm2d(outputs))
        self.act = nn.ReLU(inplace=True)
        self.pool = nn.AvgPool2d(2)
        channels = 64
        for number, (count, stride) in enumerate(zip(LAYERS, (1, 2, 2, last_stride), strict=True), start=1):
            width = 32 * 2**number
            self.add_module(f"layer{number}", _stage(channels, width, count=count, stride=stride))
            channels = 4 * width
        reductions = (4, 8, 16, 16 * last_stride)
        self.feature_info = [
            {"module": f"layer{number}", "num_chs": 128 * 2**number, "reduction": reduction}
            for number, reduction in enumerate(reductions, start=1)
        ]

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> the last map."""
        last: Tensor = self.get_submodule("layer4")(self.before_last(images))
        return last

    def before_last(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> the map of the third stage, (B, 1024, H / 16, W / 16)."""
        maps = images
        for number in (1, 2, 3):
            maps = self.act(self.get_submodule(f"bn{number}")(self.get_submodule(f"conv{number}")(maps)))
        for part in (self.pool, *(self.get_submodule(f"layer{number}") for number in (1, 2, 3))):
            maps = part(maps)
        return maps


class ClipMaps(Backbone):
    """The ResNet, whose last two maps a head may read."""

    body: ClipResNet
    head_start: Mapping[str, Tensor] = {}
    """Of start weights: what the head `clip` begins with."""

    def last_two(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, H, W) normalised -> the last map, and that of the third stage."""
        before = self.body.before_last(images)
        last: Tensor = self.body.get_submodule("layer4")(before)
        return last, before

    def start_tensors(self, tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """CLIP's image encoder by our names; other files as they are."""
        encoder = encoder_of(tensors)
        if "layer1.0.conv1.weight" not in encoder or "bn3.weight" not in encoder:
            return tensors
        renamed = resnet_tensors(encoder)
        self.head_start = renamed.head
        return renamed.body


def clip_resnet(*, last_stride: Literal[1, 2] = 1) -> nn.Module:
    """CLIP's ResNet-50; ``last_stride`` 1 doubles the last map, as CLIP-ReID has it, 2 is CLIP's own."""
    return ClipResNet(last_stride=last_stride)


def _stage(channels: int, width: int, *, count: int, stride: int) -> nn.Sequential:
    first = ClipBottleneck(channels, width, stride=stride)
    return nn.Sequential(first, *(ClipBottleneck(4 * width, width) for _ in range(count - 1)))


def _average(stride: int) -> nn.Module:
    return nn.AvgPool2d(stride) if stride > 1 else nn.Identity()


CLIP_RESNET = Family("CLIP ResNet", build=clip_resnet, owns=NAME.__eq__, backbone=ClipMaps)
