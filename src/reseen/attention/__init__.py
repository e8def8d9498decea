"""Attention by name: modules that keep the shape of a feature map."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from torch import nn

from reseen.attention.comparators import cbam, eca, ese, global_context, non_local, se
from reseen.attention.hca import hca
from reseen.attention.lka import lka
from reseen.attention.lska import lska
from reseen.attention.mhsa import mhsa
from reseen.attention.rga import rga_c, rga_cs, rga_parallel, rga_s, rga_sc

__all__ = ["ATTENTIONS"]

ATTENTIONS: Mapping[str, Callable[..., nn.Module]] = MappingProxyType(
    {
        "cbam": cbam,
        "eca": eca,
        "ese": ese,
        "global_context": global_context,
        "hca": hca,
        "lka": lka,
        "lska": lska,
        "mhsa": mhsa,
        "non_local": non_local,
        "rga_c": rga_c,
        "rga_cs": rga_cs,
        "rga_parallel": rga_parallel,
        "rga_s": rga_s,
        "rga_sc": rga_sc,
        "se": se,
    }
)
"""Name -> factory(feature_map, *, settings) of a module (B, C, H, W) -> (B, C, H, W)."""
