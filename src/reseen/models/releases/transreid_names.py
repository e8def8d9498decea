"""The names of a TransReID checkpoint's tensors: which of them are ours, which are unused, and which are strange."""

import re
from collections.abc import Collection, Mapping

import torch
from torch import Tensor

from reseen.errors import ReseenError

PARTS = 4
SIDE = "backbone.body.side.table"
POSITIONS = "backbone.body.pos_embed"
_RENAMED = (
    (re.compile(r"base\.((?:cls_token|pos_embed)|(?:patch_embed|blocks|norm)\..+)"), r"backbone.body.\1"),
    (re.compile(r"base\.sie_embed"), "backbone.body.side.table"),
    (re.compile(r"b1\.([01]\..+)"), r"parts.whole.\1"),
    (re.compile(r"b2\.([01]\..+)"), r"parts.part.\1"),
    (re.compile(r"bottleneck\.(.+)"), r"necks.0.norm.\1"),
    (re.compile(rf"bottleneck_([1-{PARTS}])\.(.+)"), r"necks.\1.norm.\2"),
    (re.compile(r"classifier\.(weight)"), r"classifiers.0.\1"),
    (re.compile(rf"classifier_([1-{PARTS}])\.(weight)"), r"classifiers.\1.\2"),
)
_CLASSIFIER_OF_IMAGENET = re.compile(r"base\.fc\.(weight|bias)")
_REQUIRED = (
    "base.cls_token",
    "base.pos_embed",
    "base.patch_embed.proj.weight",
    "base.norm.weight",
    "base.blocks.0.mlp.fc1.weight",
)


def require_whole(tensors: Mapping[str, Tensor]) -> None:
    """Raise ReseenError for names that are not this release's, and for tensors that each of its files has."""
    known = (*(pattern for pattern, _ in _RENAMED), _CLASSIFIER_OF_IMAGENET)
    strange = [name for name in tensors if not any(pattern.fullmatch(name) for pattern in known)]
    if strange:
        raise ReseenError(f"no TransReID checkpoint: {len(strange)} names unknown to it ({', '.join(strange[:3])})")
    missing = [name for name in _REQUIRED if name not in tensors]
    if missing:
        raise ReseenError(f"no whole TransReID checkpoint: {len(missing)} missing ({', '.join(missing[:3])})")


def depth_of(tensors: Mapping[str, Tensor]) -> int:
    """How many blocks there are. Raises ReseenError where one lacks."""
    numbers = {int(found[1]) for name in tensors if (found := re.match(r"base\.blocks\.(\d+)\.", name))}
    if numbers != set(range(len(numbers))) or not numbers:
        raise ReseenError(f"no whole TransReID checkpoint: its blocks are numbered {sorted(numbers)}")
    return len(numbers)


def unused_names(tensors: Mapping[str, Tensor], *, jigsaw: bool, depth: int, side: bool) -> list[str]:
    """Of tensors without a part in the network; ``side``: whether the side information has one."""
    last = (f"base.blocks.{depth - 1}.", "base.norm.") if jigsaw else ()
    unused = ("base.fc.", *last)
    return [name for name in tensors if name.startswith(unused) or (name == "base.sie_embed" and not side)]


def renamed(tensors: Mapping[str, Tensor], *, unused: Collection[str]) -> dict[str, Tensor]:
    """The tensors that are used, by our names."""
    return {_our_name(name): tensor for name, tensor in tensors.items() if name not in unused}


def _our_name(name: str) -> str:
    for pattern, ours in _RENAMED:
        if pattern.fullmatch(name):
            return pattern.sub(ours, name)
    raise AssertionError(f"{name} has been checked")


def with_counters(ours: dict[str, Tensor]) -> dict[str, Tensor]:
    """Batch norms of files from before torch 0.4.1 lack their counters, which nothing here uses."""
    norms = [name.removesuffix("running_mean") for name in ours if name.endswith(".running_mean")]
    return {**{f"{norm}num_batches_tracked": torch.tensor(0) for norm in norms}, **ours}
