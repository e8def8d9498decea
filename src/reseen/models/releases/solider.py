"""The released SOLIDER networks for person re-identification, by the names of this package.

``base.`` is the Swin (`reseen.backbones.solider`), by mmcv's names; ``bottleneck`` the neck, which follows the compared
vector; ``classifier`` the layer of the identities. The semantic weight is not in the file: 0.2 as in the authors'
commands, unless an option says another; their configuration's own default is 1.
"""

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from reseen.backbones.solider.family import INDEX, SIZES, SwinSize, unused
from reseen.backbones.solider.windows import WINDOW, relative_positions
from reseen.bounds import Share
from reseen.errors import ReseenError
from reseen.models.releases.released import Release, Released

_RECIPES = {name: name.replace("_swin_", "-") + "-market1501" for name in SIZES}
_BLOCK = re.compile(r"base\.stages\.(\d+)\.blocks\.(\d+)\.norm1\.weight")
_HEAD = {"bottleneck": "neck.norm", "classifier": "classifier"}


def solider(tensors: Mapping[str, Tensor], *, with_head: bool, semantic_weight: Share = 0.2) -> Released:
    """The tensors of a released SOLIDER checkpoint, renamed.

    Raises ReseenError for tensors of no Swin, and for windows of another side than 7.
    """
    _check_windows(tensors)
    backbone = _backbone(tensors)
    left_out = [tensor for tensor in tensors if unused(tensor.removeprefix("base."))]
    ours = {_ours(tensor): tensors[tensor] for tensor in tensors if tensor not in left_out}
    classifier = ours.get("classifier.weight")
    if with_head and classifier is None:
        raise ReseenError("the checkpoint has no head (classifier.weight): import it without the head")
    if not with_head:
        ours.pop("classifier.weight", None)
        left_out += ["classifier.weight"] if classifier is not None else []
    return Released(
        recipe=_RECIPES[backbone["backbone"]],
        model={**backbone, "semantic_weight": semantic_weight},
        tensors=ours,
        num_identities=len(classifier) if with_head and classifier is not None else None,
        left_out=left_out,
    )


def _backbone(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """The settings of [model] for the Swin: a size by name, or else the tiny one with what differs."""
    size = _size(tensors)
    for name, known in SIZES.items():
        if known == size:
            return {"backbone": name}
    return {"backbone": next(iter(SIZES)), "width": size.width, "depths": list(size.depths)}


def _size(tensors: Mapping[str, Tensor]) -> SwinSize:
    blocks = [(int(found[1]), int(found[2])) for found in map(_BLOCK.fullmatch, tensors) if found]
    embedding = tensors.get("base.patch_embed.projection.weight")
    if embedding is None or not blocks:
        raise ReseenError("no SOLIDER checkpoint: it has no base.patch_embed.projection and base.stages.*.blocks.*")
    stages = range(1 + max(stage for stage, _ in blocks))
    return SwinSize(len(embedding), tuple(len({block for at, block in blocks if at == stage}) for stage in stages))


def _check_windows(tensors: Mapping[str, Tensor]) -> None:
    expected, rows = relative_positions(WINDOW), (2 * WINDOW - 1) ** 2
    for name, tensor in tensors.items():
        if name.endswith(".relative_position_bias_table") and len(tensor) != rows:
            raise ReseenError(
                f"{name}: expected {rows} rows, those of windows of {WINDOW} x {WINDOW}, got {len(tensor)}"
            )
        if name.endswith(f".{INDEX}") and not torch.equal(tensor.long(), expected):
            raise ReseenError(f"{name}: expected rows of the table of biases in the order of Swin's, got another")


def _ours(name: str) -> str:
    first, _, rest = name.partition(".")
    return f"backbone.body.{rest}" if first == "base" else f"{_HEAD.get(first, first)}.{rest}"


SOLIDER = Release(
    solider,
    recognises=lambda tensors: any(name.startswith("base.semantic_embed_w.") for name in tensors),
    reads="SOLIDER's Swin tiny, small and base for persons, 384 x 128",
    licence="MIT",
    files="github.com/tinyvision/SOLIDER-REID",
    expected="Market-1501: tiny 91.6 mAP, 96.1 rank-1; small 93.3 and 96.6; base 93.9 and 96.9",
    asks=("semantic_weight",),
)
