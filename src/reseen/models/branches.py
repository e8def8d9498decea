"""What a branch does with the shared map: copies of a ResNet's last stage, each with something else in its middle.

A branch begins with the weights of the stage it copies; what takes the place of a 3 x 3 convolution begins anew.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import partial
from types import MappingProxyType
from typing import Any, Literal

from torch import nn

from reseen.attention.hca import hca
from reseen.attention.lka import Kernel, lka
from reseen.attention.lska import lska
from reseen.attention.mhsa import mhsa
from reseen.backbones.resnet import keep_size
from reseen.bounds import Count
from reseen.errors import ReseenError
from reseen.types import FeatureMap

Attention = Callable[[FeatureMap], nn.Module]


def plain_stage(stage: nn.Module, trunk: FeatureMap, *, stride: Literal[1, 2] = 2) -> nn.Module:  # noqa: ARG001
    """The stage as it is; stride 2 halves the map, as MBR's release does."""
    copied: Any = deepcopy(stage)
    if stride == 1:
        keep_size(copied[0])
    return copied  # type: ignore[no-any-return]


def hca_stage(stage: nn.Module, trunk: FeatureMap) -> nn.Module:
    """Hybrid channel attention instead of the 3 x 3 convolutions, at the trunk's map size (LKA-ReID's H branches)."""
    return attention_stage(stage, trunk, hca)


def lka_stage(stage: nn.Module, trunk: FeatureMap, *, kernel: Kernel = 21, dilation: Count = 3) -> nn.Module:
    """Large kernel attention likewise (LKA-ReID's L branches)."""
    return _with_shortcut_bias(attention_stage(stage, trunk, partial(lka, kernel=kernel, dilation=dilation)))


def lska_stage(stage: nn.Module, trunk: FeatureMap, *, kernel: Kernel = 21, dilation: Count = 3) -> nn.Module:
    """Its separable form likewise."""
    return _with_shortcut_bias(attention_stage(stage, trunk, partial(lska, kernel=kernel, dilation=dilation)))


def bot_stage(stage: nn.Module, trunk: FeatureMap, *, heads: Count = 4) -> nn.Module:
    """Multi-head self-attention likewise (Bottleneck Transformers, MBR's BoT branches)."""
    return _with_shortcut_bias(attention_stage(stage, trunk, partial(mhsa, heads=heads)))


def attention_stage(stage: nn.Module, trunk: FeatureMap, attention: Attention) -> nn.Module:
    """Each block at the trunk's map size, with any ``attention`` where its 3 x 3 convolution was."""
    copied: Any = deepcopy(stage)
    keep_size(copied[0])
    for block in copied:
        block.conv2 = attention(trunk._replace(channels=block.conv2.out_channels))
    return copied  # type: ignore[no-any-return]


def _with_shortcut_bias(stage: nn.Module) -> nn.Module:
    """The first block's shortcut convolution with a bias, as the releases of BoT blocks have it."""
    shortcut: Any = stage.get_submodule("0.downsample")
    if not isinstance(shortcut[0], nn.Conv2d):
        raise ReseenError(
            "branches bot, lka and lska need a ResNet whose shortcut begins with a convolution (resnet26, resnet50), "
            "got one that averages first (a D variant such as resnet14t); bottleneck and hca branches take it"
        )
    plain: Any = shortcut[0]
    biased = nn.Conv2d(plain.in_channels, plain.out_channels, plain.kernel_size, stride=plain.stride)
    biased.weight = plain.weight
    nn.init.zeros_(biased.bias)  # type: ignore[arg-type]
    shortcut[0] = biased
    return stage


BRANCHES: Mapping[str, Callable[..., nn.Module]] = MappingProxyType(
    {"bot": bot_stage, "bottleneck": plain_stage, "hca": hca_stage, "lka": lka_stage, "lska": lska_stage}
)
"""Name -> factory(stage, trunk: FeatureMap, **settings) of a module (B, C, H, W) -> (B, C', H', W')."""
