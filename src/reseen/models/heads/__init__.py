"""Heads by name: what stands on a backbone where it is neither one pooled vector nor copies of its last stage."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from reseen.models.heads.class_token import class_token
from reseen.models.heads.clip import clip
from reseen.models.heads.fc import fc
from reseen.models.heads.hrcn import hrcn
from reseen.models.heads.jpm import jpm
from reseen.models.heads.lightmbn import lightmbn
from reseen.models.heads.mgn import mgn
from reseen.models.heads.musp import musp
from reseen.models.heads.part_embedder import PartEmbedder
from reseen.models.heads.pcb import pcb

__all__ = ["HEADS", "PartEmbedder"]

HEADS: Mapping[str, Callable[..., PartEmbedder]] = MappingProxyType(
    {
        "class_token": class_token,
        "clip": clip,
        "fc": fc,
        "hrcn": hrcn,
        "jpm": jpm,
        "lightmbn": lightmbn,
        "mgn": mgn,
        "musp": musp,
        "pcb": pcb,
    }
)
"""Name -> factory(backbone, num_identities, **settings)."""
