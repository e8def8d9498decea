"""The attention modules of timm that both papers are compared with."""

from timm.layers.create_attn import create_attn
from torch import nn

from reseen.bounds import Count
from reseen.types import FeatureMap


def se(feature_map: FeatureMap, *, reduction: Count = 16) -> nn.Module:
    """Squeeze and excitation (Hu et al., 2018)."""
    return _timm("se", feature_map, rd_ratio=1 / reduction)


def ese(feature_map: FeatureMap) -> nn.Module:
    """Effective squeeze and excitation (Lee and Park, 2020)."""
    return _timm("ese", feature_map)


def eca(feature_map: FeatureMap) -> nn.Module:
    """Efficient channel attention (Wang et al., 2020)."""
    return _timm("eca", feature_map)


def cbam(feature_map: FeatureMap, *, reduction: Count = 16) -> nn.Module:
    """Convolutional block attention (Woo et al., 2018)."""
    return _timm("cbam", feature_map, rd_ratio=1 / reduction)


def global_context(feature_map: FeatureMap, *, reduction: Count = 8) -> nn.Module:
    """Global context (Cao et al., 2019)."""
    return _timm("gc", feature_map, rd_ratio=1 / reduction)


def non_local(feature_map: FeatureMap, *, reduction: Count = 8) -> nn.Module:
    """Non-local (Wang et al., 2018). It computes the affinity matrix of all positions."""
    return _timm("nl", feature_map, rd_ratio=1 / reduction)


def _timm(name: str, feature_map: FeatureMap, **settings: float) -> nn.Module:
    module: nn.Module = create_attn(name, feature_map.channels, **settings)  # type: ignore[no-untyped-call]
    return module
