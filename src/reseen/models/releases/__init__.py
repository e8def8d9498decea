"""Checkpoints of other projects: the table of their kinds, and the kind that a file looks like."""

from collections.abc import Mapping
from types import MappingProxyType

from torch import Tensor

from reseen.models.releases.clip_reid import CLIP_REID
from reseen.models.releases.fastreid import FASTREID
from reseen.models.releases.hrcn import HRCN
from reseen.models.releases.lightmbn import LIGHTMBN
from reseen.models.releases.mbr import MBR
from reseen.models.releases.miewid import MIEWID
from reseen.models.releases.released import Release, Released
from reseen.models.releases.rga import RGA
from reseen.models.releases.solider import SOLIDER
from reseen.models.releases.torchreid import TORCHREID
from reseen.models.releases.transreid import TRANSREID

__all__ = ["RELEASES", "Release", "Released", "look_like"]

RELEASES: Mapping[str, Release] = MappingProxyType(
    {
        "clip-reid": CLIP_REID,
        "fastreid": FASTREID,
        "hrcn": HRCN,
        "lightmbn": LIGHTMBN,
        "mbr-release": MBR,
        "miewid": MIEWID,
        "rga-release": RGA,
        "solider": SOLIDER,
        "torchreid": TORCHREID,
        "transreid": TRANSREID,
    }
)
"""Name -> how it is read, and where it comes from."""


def look_like(tensors: Mapping[str, Tensor]) -> list[str]:
    """The kinds of release that tensors of these names may belong to."""
    return [name for name, release in RELEASES.items() if release.recognises(tensors)]
