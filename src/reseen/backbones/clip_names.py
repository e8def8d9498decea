"""The tensors of CLIP's image encoders by the names of our bodies, and of the parts that the head `clip` holds.

Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", 2021.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor

ENCODERS = ("image_encoder.", "visual.", "")
"""What an image encoder's names begin with: in CLIP-ReID's files, in CLIP's, and in a file of the encoder alone."""
_VIT = (
    (re.compile(r"conv1\.weight"), "patch_embed.proj.weight"),
    (re.compile(r"class_embedding"), "cls_token"),
    (re.compile(r"positional_embedding"), "pos_embed"),
    (re.compile(r"ln_pre\.(weight|bias)"), r"norm_pre.\1"),
    (re.compile(r"ln_post\.(weight|bias)"), r"norm.\1"),
    (re.compile(r"transformer\.resblocks\.(\d+)\.ln_([12])\.(weight|bias)"), r"blocks.\1.norm\2.\3"),
    (re.compile(r"transformer\.resblocks\.(\d+)\.attn\.in_proj_(weight|bias)"), r"blocks.\1.attn.qkv.\2"),
    (re.compile(r"transformer\.resblocks\.(\d+)\.attn\.out_proj\.(weight|bias)"), r"blocks.\1.attn.proj.\2"),
    (re.compile(r"transformer\.resblocks\.(\d+)\.mlp\.c_fc\.(weight|bias)"), r"blocks.\1.mlp.fc1.\2"),
    (re.compile(r"transformer\.resblocks\.(\d+)\.mlp\.c_proj\.(weight|bias)"), r"blocks.\1.mlp.fc2.\2"),
)
_RESNET = re.compile(r"(conv[123]\.weight|bn[123]\..+|layer[1-4]\.\d+\..+)")
_POOL = re.compile(r"attnpool\.(positional_embedding|[qkvc]_proj\.(?:weight|bias))")


class EncoderTensors(NamedTuple):
    """``body``: by our body's names. ``head``: by those of the head's parts. ``unknown``: names that no encoder has."""

    body: dict[str, Tensor]
    head: dict[str, Tensor]
    unknown: list[str]


def vit_tensors(encoder: Mapping[str, Tensor]) -> EncoderTensors:
    """The tensors of CLIP's ViT, without a prefix, renamed; the projection becomes a layer's weight."""
    body, unknown = {}, []
    for name, tensor in encoder.items():
        found = [pattern.sub(ours, name) for pattern, ours in _VIT if pattern.fullmatch(name)]
        if found:
            missing_axes = 3 - tensor.ndim if found[0] in {"cls_token", "pos_embed"} else 0
            body[found[0]] = tensor[(None,) * missing_axes]
        elif name != "proj":
            unknown.append(name)
    head = {"projection.weight": encoder["proj"].T.contiguous()} if "proj" in encoder else {}
    return EncoderTensors(body, head, unknown)


def resnet_tensors(encoder: Mapping[str, Tensor]) -> EncoderTensors:
    """The tensors of CLIP's ResNet, without a prefix; its attention pooling is the head's."""
    body = {name: tensor for name, tensor in encoder.items() if _RESNET.fullmatch(name)}
    pool = {name.replace("attnpool.", "pool."): tensor for name, tensor in encoder.items() if _POOL.fullmatch(name)}
    known = {*body, *(name.replace("pool.", "attnpool.") for name in pool)}
    return EncoderTensors(body, pool, [name for name in encoder if name not in known])


def encoder_of(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of the image encoder in a file, without their prefix; empty where there is none."""
    for prefix in ENCODERS:
        if f"{prefix}conv1.weight" in tensors:
            return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
    return {}
