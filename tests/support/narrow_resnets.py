"""ResNets of timm's kinds with a fifth of their channels: the same stages and blocks, where width is not the point.

Importing this makes their names known to timm; they are of the family of ResNets.
"""

from typing import Any

from timm.models import register_model, resnet
from torch import nn

CHANNELS = (16, 24, 32, 48)
STEM = {"stem_width": 8, "stem_type": "deep_tiered", "avg_down": True}


def narrow_resnet10t(*, pretrained: bool = False, **settings: Any) -> nn.Module:
    """ResNet-10-T, whose stages have 16, 24, 32 and 48 channels."""
    own = {"block": resnet.BasicBlock, "layers": (1, 1, 1, 1), "channels": CHANNELS, **STEM}
    return resnet._create_resnet("resnet10t", pretrained, **own, **settings)


def narrow_resnet14t(*, pretrained: bool = False, **settings: Any) -> nn.Module:
    """ResNet-14-T, whose stages have 64, 96, 128 and 192 channels."""
    own = {"block": resnet.Bottleneck, "layers": (1, 1, 1, 1), "channels": CHANNELS, **STEM}
    return resnet._create_resnet("resnet14t", pretrained, **own, **settings)


def narrow_resnet26(*, pretrained: bool = False, **settings: Any) -> nn.Module:
    """ResNet-26, whose stages have 64, 96, 128 and 192 channels."""
    own = {"block": resnet.Bottleneck, "layers": (2, 2, 2, 2), "channels": CHANNELS}
    return resnet._create_resnet("resnet26", pretrained, **own, **settings)


for function in (narrow_resnet10t, narrow_resnet14t, narrow_resnet26):
    function.__module__ = resnet.__name__  # by which reseen knows timm's ResNets
    register_model(function)
