"""OSNet's tensors by the names that its authors' files have, and by ours.

``conv2`` to ``conv4`` are the stages, their blocks numbered; a block's streams are ``conv2a`` to ``conv2d``, or
``conv2.N.layers`` in OSNet-AIN, whose transitions are ``pool2`` and ``pool3``; elsewhere they are a stage's third part.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from torch import Tensor

from reseen.backbones.osnet.network import WIDTHS

_PATTERNS = (
    (r"input_IN\.(\w+)", r"input_norm.\1"),
    (r"conv1\.(.+)", r"stem.\1"),
    (r"conv5\.(.+)", r"last.\1"),
    (r"conv([23])\.2\.0\.(.+)", r"stage<\1>.transition.0.\2"),
    (r"pool([23])\.0\.(.+)", r"stage<\1>.transition.0.\2"),
    (r"att([23])\.spatial_attention\.([024])\.(.+)", r"stage<\1>.spatial.layers.\2.\3"),
    (r"conv([234])\.([01])\.(.+)", r"stage<\1>.block[\2].\3"),
)
_IN_A_BLOCK = (
    (r"conv1\.(.+)", r"reduce.\1"),
    (r"conv3\.(.+)", r"expand.\1"),
    (r"downsample\.(.+)", r"shortcut.\1"),
    (r"gate\.fc1\.(.+)", r"gate.squeeze.\1"),
    (r"gate\.fc2\.(.+)", r"gate.excite.\1"),
    (r"conv2a\.(.+)", r"streams.0.0.\1"),
    (r"conv2b\.([01])\.(.+)", r"streams.1.\1.\2"),
    (r"conv2c\.([012])\.(.+)", r"streams.2.\1.\2"),
    (r"conv2d\.([0123])\.(.+)", r"streams.3.\1.\2"),
    (r"conv2\.([0123])\.layers\.([0123])\.(.+)", r"streams.\1.\2.\3"),
)
_IN_A_STREAM = {"conv1": "pointwise", "conv2": "depthwise"}


class Described(NamedTuple):
    """A file's network: its name in `reseen.backbones.osnet.NAMES`, and the options of the family that are set."""

    name: str
    options: dict[str, Any]


def is_osnet(tensors: Mapping[str, Tensor]) -> bool:
    """Whether tensors are named as OSNet's authors name them."""
    return {"conv1.conv.weight", "conv2.0.gate.fc1.weight"} <= tensors.keys()


def described(tensors: Mapping[str, Tensor]) -> Described | None:
    """What the names and shapes of a public file say; None for a width that none has."""
    known = {widths[0]: width for width, widths in WIDTHS.items()}
    width = known.get(len(tensors["conv1.conv.weight"]))
    kind = "ain_" if _adaptive(tensors) else "ibn_" if "conv2.0.IN.weight" in tensors else ""
    attention = tensors.get("att2.spatial_attention.0.conv.weight")
    options: dict[str, Any] = {"input_norm": True} if "input_IN.weight" in tensors else {}
    if attention is not None:
        options["attention_reduction"] = attention.shape[1] // len(attention)
    return None if width is None else Described(f"osnet_{kind}{width}", options)


def renamed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a public file that the body has, by our names."""
    norm = "expand.norm" if _adaptive(tensors) else "norm"
    named = ((our_name(name, instance_norm=norm), tensor) for name, tensor in tensors.items())
    return {name: tensor for name, tensor in named if name is not None}


def our_name(name: str, *, instance_norm: str = "norm") -> str | None:
    """The name in `OSNet` of a tensor of the public network; None for one that its body has not got.

    ``instance_norm``: a block's part that its ``IN`` is.

    Example:
        >>> our_name("conv2.0.conv2b.1.bn.weight")
        'stage1.block1.streams.1.1.norm.weight'
    """
    ours = _exchanged(name, _PATTERNS)
    if ours is None:
        return None
    stage = re.sub(r"stage<(\d)>", lambda found: f"stage{int(found[1]) - 1}", ours)
    head, block, rest = re.split(r"block\[(\d)\]\.", stage) if "block[" in stage else (stage, "", "")
    if block:
        inner = _in_a_block(rest, instance_norm)
        stage = "" if inner is None else f"{head}block{int(block) + 1}.{inner}"
    return re.sub(r"(^|\.)bn\.", r"\1norm.", stage) or None


def _in_a_block(name: str, instance_norm: str) -> str | None:
    if name.startswith("IN."):
        return instance_norm + name.removeprefix("IN")
    ours = _exchanged(name, _IN_A_BLOCK)
    if ours is None or not ours.startswith("streams."):
        return ours
    stream, depth, part, rest = ours.removeprefix("streams.").split(".", 3)
    return f"streams.{stream}.{depth}.{_IN_A_STREAM.get(part, part)}.{rest}"


def _exchanged(name: str, patterns: tuple[tuple[str, str], ...]) -> str | None:
    return next((re.sub(theirs, ours, name) for theirs, ours in patterns if re.fullmatch(theirs, name)), None)


def _adaptive(tensors: Mapping[str, Tensor]) -> bool:
    """Whether the file is of OSNet-AIN, or of a network made from it."""
    return "pool2.0.conv.weight" in tensors
