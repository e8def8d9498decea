"""The ViT of a TransReID checkpoint as settings of [model]: the name of a network, and what differs from it."""

from collections.abc import Mapping

from torch import Tensor

from reseen.backbones.transreid import NETWORKS
from reseen.backbones.transreid_vit import Architecture
from reseen.errors import ReseenError

HEAD_DIM = 64


def architecture_of(tensors: Mapping[str, Tensor], *, depth: int, heads: int | None) -> dict[str, object]:
    """The [model] lines of the ViT: the name of a network of this width, and what differs.

    ``heads``: of the attention; None: those of the network that is so wide. Raises ReseenError where none is.
    """
    width = tensors["base.cls_token"].shape[-1]
    alike = _alike(tensors, width)
    name = next((name for name, known in alike.items() if known.width == width), next(iter(alike)))
    known = alike[name]
    heads = heads or _usual_heads(known, width)
    settings = {"width": (width, known.width), "depth": (depth, known.depth), "heads": (heads, known.heads)}
    return {"backbone": name, **{setting: value for setting, (value, usual) in settings.items() if value != usual}}


def _alike(tensors: Mapping[str, Tensor], width: int) -> dict[str, Architecture]:
    """The networks by name whose blocks have this bias of qkv and, for the width, so many hidden channels."""
    biased = "base.blocks.0.attn.qkv.bias" in tensors
    hidden = len(tensors["base.blocks.0.mlp.fc1.weight"])
    alike = {
        name: named.architecture
        for name, named in NETWORKS.items()
        if (named.architecture.qkv_bias, int(named.architecture.mlp_ratio * width)) == (biased, hidden)
    }
    if not alike:
        raise ReseenError(
            f"no ViT by name has {hidden} hidden channels for {width}, {'a' if biased else 'no'} bias of qkv"
        )
    return alike


def _usual_heads(known: Architecture, width: int) -> int:
    """The heads of a ViT that is so wide."""
    if known.width == width:
        return known.heads
    if width % HEAD_DIM:
        raise ReseenError(f"no ViT by name is {width} wide: say into how many heads by the option heads")
    return width // HEAD_DIM
